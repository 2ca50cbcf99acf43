/** The playground over several turns: what goes with a question that follows up on another, and what is seen of it. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import {
  goodRun,
  makeEnd,
  makeService,
  play,
  runStart,
  serveTest,
  type TestOptions,
} from "../support/app.ts";
import { ask, findBarriers, openPage, startBrowser, watchShifts } from "../support/browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

const withModel: TestOptions = { answer: play(goodRun), modes: ["direct", "agent"] };
const said = "Timeouts are limits. [1]";
const value = { ports: [80] };
const first = [
  { role: "user", content: "What are timeouts?" },
  { role: "assistant", content: said },
];

async function open(options: TestOptions, context: BrowserContextOptions = {}) {
  const service = makeService(options);
  const server = await serveTest(service);
  const opened = await openPage(browser, server.url, { bypassCSP: true, ...context });
  const { page } = opened;
  return {
    ...opened,
    service,
    /** Asks, and waits until the page shows that this question is answered. */
    turn: async (question: string): Promise<void> => {
      const before = service.asked.length;
      await ask(page, question);
      await expect.poll(() => service.asked.length).toBe(before + 1);
      await page.locator('#run[data-phase="ended"]').waitFor();
      await page.getByRole("heading", { name: question }).waitFor();
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("the next question goes with what was said before, which stays readable above its answer", async () => {
  await using opened = await open(withModel);
  const { page, service, turn } = opened;
  await turn("What are timeouts?");
  expect(service.asked[0]?.history).toEqual([]);
  await page.getByText("Your next question follows up.").waitFor();
  // Whoever goes on typing writes the next question, and not into the first.
  await page.keyboard.type("And how long do they last?");
  await page.keyboard.press("Enter");
  await expect.poll(() => service.asked[1]?.question).toBe("And how long do they last?");
  expect(service.asked[1]?.history).toEqual(first);
  await page.getByText("1 earlier question").click();
  const earlier = page.getByRole("list", { name: "Earlier in this conversation" });
  await earlier.getByText("What are timeouts?").click();
  // Its number was of its own sources.
  await earlier.getByText("Timeouts are limits.", { exact: true }).waitFor();
  await page.locator('#run[data-phase="ended"]').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await turn("Why?");
  expect(service.asked[2]?.history).toHaveLength(4);
  expect(opened.said).toEqual([]);
});

test("an earlier answer looks as it did: its lists step in, and what is wide stays within the pane", async () => {
  const long = "word ".repeat(60);
  const text = `1. One\n   - within\n2. Two\n\n\`\`\`\n${long}\n\`\`\``;
  const script = [runStart, { type: "text-delta", text } as const, makeEnd()];
  await using opened = await open({ ...withModel, answer: play(script) });
  const { page, turn } = opened;
  await turn("What are timeouts?");
  await turn("And how long do they last?");
  const earlier = page.locator("#earlier");
  await page.getByText("1 earlier question").click();
  await earlier.locator("li summary").click();
  const left = (of: string): Promise<number> =>
    earlier.locator(of).evaluate((element) => element.getBoundingClientRect().left);
  expect(await left("ol li > ul > li")).toBeGreaterThan(
    (await left(".prose > ol > li >> nth=0")) + 10,
  );
  expect(await left(".prose > ol > li >> nth=0")).toBeGreaterThan((await left(".prose")) + 10);
  const pane = await page
    .locator("#answer-pane")
    .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  expect(pane).toBe(0);
});

test("on a phone an answer begins in sight, however much was asked before it", async () => {
  for (const viewport of [
    { width: 390, height: 740 },
    { width: 320, height: 640 },
  ]) {
    await using opened = await open(withModel, { viewport, hasTouch: true, isMobile: true });
    const { page, turn } = opened;
    for (const which of ["first", "second", "third", "fourth"]) {
      await turn(`What is the ${which} thing that one has to know?`);
    }
    await page.getByText("3 earlier questions").waitFor();
    expect(await page.evaluate(() => scrollY)).toBe(0);
    const { y = Infinity } = (await page.locator("#answer p").first().boundingBox()) ?? {};
    expect(y).toBeLessThan(viewport.height - 100);
  }
});

test("the same question once more has its old place, and one that starts anew has none before it", async () => {
  await using opened = await open(withModel);
  const { page, service, turn } = opened;
  await turn("What are timeouts?");
  await turn("And how long do they last?");
  await page.getByText("Agent", { exact: true }).click();
  await turn("And how long do they last?");
  expect(service.asked[2]).toMatchObject({ mode: "agent", history: first });
  await page.getByRole("button", { name: "Start anew" }).click();
  await page.getByRole("heading", { name: "Ask your documents" }).waitFor();
  expect(await page.getByLabel("Your question").inputValue()).toBe("");
  await turn("What is jitter?");
  expect(service.asked[3]?.history).toEqual([]);
  expect(await page.locator("#earlier li").count()).toBe(0);
});

test("a key that is held asks once", async () => {
  await using opened = await open(withModel);
  const { page, service } = opened;
  await page.getByLabel("Your question").fill("What are timeouts?");
  for (let times = 0; times < 4; times += 1) await page.keyboard.down("Enter");
  await page.locator('#run[data-phase="ended"]').waitFor();
  expect(service.asked).toHaveLength(1);
  expect(await page.getByLabel("Your question").inputValue()).toBe("What are timeouts?");
});

test("a run of the past is gone on with where it stood", async () => {
  await using opened = await open(withModel);
  const { page, service, turn } = opened;
  await turn("What are timeouts?");
  await page.reload();
  await page.locator("#chips > *").first().waitFor();
  await page.getByRole("button", { name: "History" }).click();
  await page.getByRole("button", { name: /^What are timeouts/ }).click();
  await turn("Why?");
  expect(service.asked[1]?.history).toEqual(first);
});

test("a refused question is no part of the conversation", async () => {
  const refusing: readonly RunEvent[] = [
    runStart,
    makeEnd({ outcome: "failed", error: { code: "overloaded", retryable: true } }),
  ];
  let script = goodRun;
  const answer: TestOptions["answer"] = (...args) => play(script)(...args);
  await using opened = await open({ ...withModel, answer });
  const { page, service, turn } = opened;
  script = refusing;
  await ask(page, "What is lost?");
  await page.getByText("Refused", { exact: true }).waitFor();
  expect(await page.locator("#follows").isVisible()).toBe(false);
  script = goodRun;
  await turn("What are timeouts?");
  expect(service.asked[1]?.history).toEqual([]);
  script = refusing;
  await ask(page, "And how long?");
  await page.getByText("Refused", { exact: true }).waitFor();
  script = goodRun;
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect.poll(() => service.asked.length).toBe(4);
  expect(service.asked.slice(2).map(({ history }) => history)).toEqual([first, first]);
});

test("a value that was answered is part of the conversation as it is", async () => {
  const script = [runStart, makeEnd({ output: value, outputChecks: [] })];
  await using opened = await open({ ...withModel, answer: play(script) });
  const { page, service, turn } = opened;
  await turn("Which ports?");
  await turn("Why?");
  expect(service.asked[1]?.history.at(-1)?.content).toBe(JSON.stringify(value));
  await page.getByText("1 earlier question").click();
  const earlier = page.getByRole("list", { name: "Earlier in this conversation" });
  await earlier.getByText("Which ports?").click();
  await earlier.getByText(JSON.stringify(value), { exact: true }).waitFor();
});

test("what is sent of a long conversation stays within bounds", async () => {
  const long = "Word by word. ".repeat(700);
  const script = [runStart, { type: "text-delta", text: long } as const, makeEnd()];
  await using opened = await open({ ...withModel, answer: play(script) });
  const { service, turn } = opened;
  for (const question of ["One?", "Two?", "Three?"]) await turn(question);
  const contents = service.asked[2]?.history.map(({ content }) => content) ?? [];
  expect(contents.map(({ length }) => length).reduce((sum, one) => sum + one)).toBe(12_000);
  expect(contents.at(-1)).toBe(long.trim());
});

test("without a model each question stands alone, and nothing moves by itself", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page, service, turn } = opened;
  await turn("What are timeouts?");
  const readShifts = await watchShifts(page);
  await turn("And how long do they last?");
  expect(service.asked[1]?.history).toEqual([]);
  expect(await page.locator("#follows").isVisible()).toBe(false);
  expect(await readShifts()).toEqual([]);
});
