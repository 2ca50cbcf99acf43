/** The playground in a real browser: ask, watch, open a citation, stop, by keyboard, on a phone, for everyone. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import {
  goodRun,
  makeEnd,
  makeService,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
} from "../support/app.ts";

const CHROMIUM =
  process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let browser: Browser;
beforeAll(async () => {
  if (CHROMIUM === undefined) throw new Error("there is no Chromium: install it or set CHROMIUM");
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});
afterAll(async () => browser?.close());

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Whatever the console said, violations of the policy included. */
  readonly said: readonly string[];
}

async function open(
  service: TestOptions,
  { path = "/", ...options }: BrowserContextOptions & { path?: string } = {},
): Promise<Opened> {
  const server = await serveTest(makeService(service));
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  await page.goto(`${server.url}${path}`);
  await page.getByText("guide").first().waitFor();
  return {
    page,
    said,
    async [Symbol.asyncDispose]() {
      await context.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function ask(page: Page): Promise<void> {
  await page.getByLabel("Ask your documents").fill("What are timeouts?");
  await page.keyboard.press("Enter");
}

const delta = (text: string): RunEvent => ({ type: "text-delta", text });

test("a question is answered with a citation that opens its passage, evidence marked", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page, said } = opened;
  await ask(page);
  await page.getByText("Every sentence is supported by its sources.").waitFor();
  await page.getByRole("button", { name: "Source 1: A" }).click();
  expect(await page.locator("#source-1 mark").textContent()).toBe("Timeouts are limits.");
  expect(await page.locator("#checks summary").textContent()).toContain("1 supported");
  expect(said).toEqual([]);
});

test("text is shown while it comes, nothing moves, and a run can be stopped", async () => {
  const never = new Promise<never>(() => undefined);
  await using opened = await open({
    answer: play([runStart, retrievalEnd, delta("Timeouts are "), delta("limits."), never]),
  });
  const { page, said } = opened;
  await page.evaluate(() => {
    Object.assign(window, { shift: 0 });
    const onShift = (list: PerformanceObserverEntryList): void => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) {
        Object.assign(window, {
          shift: (window as unknown as { shift: number }).shift + entry.value,
        });
      }
    };
    new PerformanceObserver(onShift).observe({ type: "layout-shift" });
  });
  await ask(page);
  await page.getByText("Timeouts are limits.").first().waitFor();
  expect(await page.evaluate(() => (window as unknown as { shift: number }).shift)).toBeLessThan(
    0.1,
  );
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
  expect(await page.getByRole("button", { name: "Ask", exact: true }).isVisible()).toBe(true);
  expect(said).toEqual([]);
});

test("what a model writes is text: no image, no link, no script, no style of its own", async () => {
  const evil =
    "# Hi\n\n<img src=x onerror=alert(1)> [go](javascript:alert(1)) ![i](http://x/) <script>alert(1)</script> **bold** [1]";
  await using opened = await open({
    answer: play([runStart, retrievalEnd, delta(evil), makeEnd()]),
  });
  const { page, said } = opened;
  await ask(page);
  await page.locator("#answer strong").waitFor();
  expect(await page.locator("#answer").locator("img, a, script, [style], [onerror]").count()).toBe(
    0,
  );
  expect(await page.locator("#answer .cite").count()).toBe(1);
  expect(said).toEqual([]);
});

test("a stream that breaks off is not shown as an answer, and a refusal says why", async () => {
  await using refused = await open({
    answer: play([
      runStart,
      makeEnd({ outcome: "failed", error: { code: "store_unavailable", retryable: true } }),
    ]),
  });
  await ask(refused.page);
  await refused.page.getByText("The store cannot be read").waitFor();
  await using broken = await open({
    async *answer() {
      yield* [runStart, retrievalEnd, delta("Timeouts")];
      throw new Error("broke");
    },
  });
  await ask(broken.page);
  await broken.page.getByText("failed:").waitFor();
  expect(await broken.page.getByText("supported by its sources").count()).toBe(0);
});

test("everything is reached by keyboard", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  await page.keyboard.type("What are timeouts?");
  await page.keyboard.press("Enter");
  await page.getByText("Every sentence is supported").waitFor();
  for (let tabs = 0; tabs < 40; tabs += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement?.className === "cite")) break;
  }
  await page.keyboard.press("Enter");
  expect(await page.locator("#source-1 details").getAttribute("open")).not.toBeNull();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SUMMARY");
});

test.each([
  ["a desk", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["the dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
  ["a phone", { viewport: { width: 360, height: 740 }, colorScheme: "light" }],
] as const)("on %s it fits, and axe finds nothing against it", async (_, options) => {
  await using opened = await open({ answer: play(goodRun) }, { ...options, bypassCSP: true });
  const { page } = opened;
  await ask(page);
  await page.getByText("Every sentence is supported").waitFor();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
  await page.addScriptTag({ content: await readFile(AXE, "utf8") });
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  expect(found).toEqual([]);
});
