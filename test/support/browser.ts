/** A browser on the playground: opens it, hears what the console says, and measures what moves. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const CHROMIUM =
  process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Starts Chromium: the one at CHROMIUM, or the one of the system. */
export async function startBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error("there is no Chromium: install it or set CHROMIUM");
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Whatever the console said, violations of the policy included. */
  readonly said: readonly string[];
}

/** Opens the playground of a service and waits for its collections. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  await page.goto(url);
  await page.locator("#chips > *").first().waitFor();
  return { page, said, [Symbol.asyncDispose]: () => context.close() };
}

export async function ask(page: Page, question = "What are timeouts?"): Promise<void> {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
}

/** Waits until the run is over, however it ended. */
export async function waitForEnd(page: Page): Promise<void> {
  await page
    .locator('#run:not([hidden]) #answer[aria-busy="false"]')
    .waitFor({ state: "attached" });
}

/** Counts from now on everything that moves by itself; the function returned says how much that was. */
export async function watchShifts(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, sources } = entry as PerformanceEntry & {
          value: number;
          sources: { node?: Element | null }[];
        };
        const nodes = sources.map(({ node }) => node?.id ?? node?.nodeName ?? "?");
        shifts.push(`${value.toFixed(4)} ${nodes.join(" ")}`);
      }
    }).observe({ type: "layout-shift" });
  });
  return () => page.evaluate(() => (window as unknown as { shifts: string[] }).shifts);
}

/** What axe finds against the page as it is now. The page must have been opened with `bypassCSP`. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  // As text, so that axe's own needs do not count against the page's policy.
  await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
