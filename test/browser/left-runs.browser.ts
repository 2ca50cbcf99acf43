/** The playground over scripted runs: runs that are left, of the past, or of which nobody can be sure. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import {
  goodRun,
  listStore,
  makeEnd,
  makeInfo,
  makeService,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
} from "../support/app.ts";
import { ask, openPage, type OpenPage, startBrowser, waitForEnd } from "../support/browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

async function open(service: TestOptions): Promise<OpenPage> {
  const server = await serveTest(makeService(service));
  const opened = await openPage(browser, server.url);
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const never = new Promise<never>(() => undefined);

test("what was kept of a leg stays open until the run is over", async () => {
  const leg = { collection: "guide", retriever: "vector", status: "found", found: 91 } as const;
  const times = { startMs: 1, endMs: 2 };
  async function* answer(): AsyncGenerator<RunEvent> {
    yield* [runStart, { type: "leg-end", ...leg, ...times, kept: 0 } as const, retrievalEnd];
    await never;
  }
  await using opened = await open({ answer });
  const { page } = opened;
  await ask(page);
  const cells = page.locator("#ledger td.number");
  await page.getByText("1 passage found").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped").waitFor();
  expect(await cells.allTextContents()).toEqual(["91", "", "1.0 ms"]);
});

test("another run of the past is shown with its own answerer and time", async () => {
  let answerer = "first-model";
  const answer: TestOptions["answer"] = (...args) =>
    play([...goodRun.slice(0, -1), makeEnd({ answerer })])(...args);
  await using opened = await open({ answer });
  const { page } = opened;
  await ask(page, "What is first?");
  await page.getByText("first-model · ").waitFor();
  answerer = "second-model";
  await ask(page, "What is second?");
  await page.getByText("second-model · ").waitFor();
  await page.getByRole("button", { name: "History" }).click();
  await page.getByRole("button", { name: /^What is first/ }).click();
  await expect.poll(() => page.locator("#status .how").textContent()).toContain("first-model · ");
});

test("a page that is left in the middle of a run keeps what was there as stopped", async () => {
  async function* answer(): AsyncGenerator<RunEvent> {
    yield* goodRun.slice(0, -1);
    await never;
  }
  await using opened = await open({ answer });
  const { page } = opened;
  const context = page.context();
  await ask(page);
  await page.locator("#answer .cite").first().waitFor();
  const url = page.url();
  await page.close();
  const later = await context.newPage();
  await later.goto(url);
  await later.getByRole("button", { name: "History" }).click();
  await later.getByRole("button", { name: /^What are timeouts/ }).click();
  await later.locator("#status").getByText("Stopped", { exact: true }).waitFor();
  expect(await later.locator("#answer").textContent()).toContain("limits.");
});

test("a run that is left for another question, or to start anew, is kept as stopped, once", async () => {
  async function* answer(): AsyncGenerator<RunEvent> {
    yield* goodRun.slice(0, -1);
    await never;
  }
  await using opened = await open({ answer, modes: ["direct", "agent"] });
  const { page } = opened;
  const waitForText = (question: string): Promise<void> =>
    page.locator(`#answer-pane:has(h2:text-is("${question}")) .cite`).first().waitFor();
  const kept = page.locator("#history-list .entry");
  await ask(page, "What is first?");
  await waitForText("What is first?");
  await ask(page, "What is second?");
  await waitForText("What is second?");
  await page.getByRole("button", { name: "Start anew" }).click();
  await ask(page, "What is third?");
  await waitForText("What is third?");
  await page.getByRole("button", { name: "History" }).click();
  expect(await kept.locator(".question").allTextContents()).toEqual([
    "What is second?",
    "What is first?",
  ]);
  expect(await kept.locator(".badge").allTextContents()).toEqual(["Stopped", "Stopped"]);
  await page.getByRole("button", { name: /^What is first/ }).click();
  await page.locator("#status").getByText("Stopped", { exact: true }).waitFor();
  await page.getByRole("button", { name: "History" }).click();
  expect(await kept.locator(".question").first().textContent()).toBe("What is third?");
  expect(await kept.count()).toBe(3);
});

test("an answer of which nobody can be sure does not stand as one, nor among earlier runs", async () => {
  const run = [...goodRun.slice(0, -1), makeEnd({ degraded: ["uncertain"] })];
  await using opened = await open({ answer: play(run) });
  const { page } = opened;
  await ask(page);
  await waitForEnd(page);
  expect(await page.locator("#status .badge").textContent()).toBe("Uncertain");
  expect(await page.locator("#status .badge.good").count()).toBe(0);
  await page.getByRole("button", { name: "History" }).click();
  expect(await page.locator("#history-list .badge").textContent()).toBe("Uncertain");
});

test("a question to no collection goes to all, and shows it", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  const boxes = page.locator("#chips input");
  const count = await boxes.count();
  for (const chip of await page.locator("#chips .chip").all()) await chip.click();
  expect(await page.locator("#chips input:checked").count()).toBe(0);
  await ask(page);
  await waitForEnd(page);
  expect(await page.locator("#chips input:checked").count()).toBe(count);
});

test("a collection that is new is there when one comes back to the page, and what is off stays off", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  const chips = page.locator("#chips .chip");
  await chips.getByText("guide").click();
  await page.route("**/v1/collections", async (route) => {
    const response = await route.fetch();
    const { collections } = (await response.json()) as { collections: { name: string }[] };
    const more = collections.map((one) => ({ ...one, name: "mydocs" }));
    await route.fulfill({ response, json: { collections: [...collections, ...more] } });
  });
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await chips.getByText("mydocs").waitFor();
  const isOn = await chips
    .locator("input")
    .evaluateAll((all) => all.map((box) => (box as HTMLInputElement).checked));
  expect(await chips.allTextContents()).toEqual(["guide", "mydocs"]);
  expect(isOn).toEqual([false, true]);
});

const store = listStore({ guide: makeInfo("guide"), mydocs: makeInfo("mydocs") });
const readChips = (page: Page): Promise<readonly string[]> =>
  page
    .locator("#chips input")
    .evaluateAll((all) =>
      all.map((box) => `${(box as HTMLInputElement).value} ${(box as HTMLInputElement).checked}`),
    );

test("a collection that is off stays off, also where the service, or it, could not be read meanwhile", async () => {
  await using opened = await open({ answer: play(goodRun), store });
  const { page } = opened;
  await page.locator("#chips .chip").getByText("mydocs").click();
  const comeBack = () => page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.route("**/v1/collections", (route) => route.abort());
  await comeBack();
  await page.getByText("the service cannot be reached").waitFor();
  const names = ["guide", "mydocs"];
  const collections = names.map((name) => ({ name, status: "unavailable" }));
  await page.route("**/v1/collections", (route) => route.fulfill({ json: { collections } }));
  await comeBack();
  await page.locator("#chips input:disabled").nth(1).waitFor();
  await page.unroute("**/v1/collections");
  await comeBack();
  await page.locator("#chips input:enabled").nth(1).waitFor();
  expect(await readChips(page)).toEqual(["guide true", "mydocs false"]);
});

test("a page that is loaded anew in the middle of a run has the collections that were asked", async () => {
  async function* answer(): AsyncGenerator<RunEvent> {
    yield* goodRun.slice(0, -1);
    await never;
  }
  await using opened = await open({ answer, store });
  const { page } = opened;
  await page.locator("#chips .chip").getByText("mydocs").click();
  await ask(page);
  await page.locator("#answer .cite").first().waitFor();
  await page.reload();
  await page.locator("#chips input").nth(1).waitFor({ state: "attached" });
  expect(await readChips(page)).toEqual(["guide true", "mydocs false"]);
});

test("a service that was away when the page was opened shows its collections with the next question", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  const count = await page.locator("#chips input").count();
  await page.route("**/v1/collections", (route) => route.abort());
  await page.reload();
  await page.getByText("the service cannot be reached").waitFor();
  await page.unroute("**/v1/collections");
  await ask(page);
  await waitForEnd(page);
  await expect.poll(() => page.locator("#chips input").count()).toBe(count);
});

test.each(["failed", "expired", "cancelled"] as const)(
  "an answer whose run %s in the middle does not look complete",
  async (outcome) => {
    await using opened = await open({
      answer: play([...goodRun.slice(0, -1), makeEnd({ outcome })]),
    });
    const { page } = opened;
    await ask(page);
    await waitForEnd(page);
    expect(await page.locator("#notes").textContent()).toContain("What is here is not complete.");
    const border = await page
      .locator("#answer")
      .evaluate((answer) => getComputedStyle(answer).borderInlineStartStyle);
    expect(border).toBe("dashed");
  },
);
