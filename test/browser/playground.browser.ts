/** The playground in a real browser over scripted runs: what it draws, what it refuses to draw, and for whom. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import {
  goodRun,
  makeEnd,
  makeService,
  passage,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
} from "../support/app.ts";
import {
  ask,
  findBarriers,
  openPage,
  type OpenPage,
  startBrowser,
  waitForEnd,
  watchShifts,
} from "../support/browser.ts";

const SCHEMES = ["light", "dark"] as const;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 860 };

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

async function open(service: TestOptions, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const server = await serveTest(makeService(service));
  const opened = await openPage(browser, server.url, options);
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const delta = (text: string): RunEvent => ({ type: "text-delta", text });
const never = new Promise<never>(() => undefined);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A run in which everything occurs that the page has a place for. */
const fullRun: readonly RunEvent[] = [
  runStart,
  {
    type: "retrieval-end",
    passages: [passage, { ...passage, label: 2, chunkId: "b.md#0", documentId: "b.md" }],
  },
  delta("Timeouts are limits. [1] They last **three** hours. [2] Nobody knows why.\n\n"),
  delta("- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n"),
  { type: "degraded", code: "leg_unavailable:guide/vector" },
  {
    type: "citation",
    label: 1,
    start: 0,
    end: 20,
    evidence: { documentId: "a.md", start: 0, end: 8 },
  },
  { type: "sentence-check", start: 0, end: 20, verdict: "supported", labels: [1] },
  { type: "sentence-check", start: 25, end: 51, verdict: "weak", labels: [2] },
  { type: "sentence-check", start: 56, end: 73, verdict: "unsupported", labels: [] },
  makeEnd({
    grounding: "partly-grounded",
    answerer: "some-model",
    degraded: ["leg_unavailable:guide/vector"],
    usage: { inputTokens: 812, outputTokens: 96, requests: 1 },
    ledger: [
      {
        collection: "guide",
        retriever: "keyword",
        status: "found",
        startMs: 1,
        endMs: 4,
        found: 9,
        kept: 2,
      },
      {
        collection: "guide",
        retriever: "vector",
        status: "timed-out",
        code: "deadline_exceeded",
        startMs: 1,
        endMs: 90,
        found: 0,
        kept: 0,
      },
    ],
    timeline: [
      { stage: "open", startMs: 0, endMs: 1, critical: true },
      { stage: "search:guide/keyword", startMs: 1, endMs: 4, critical: false },
      { stage: "search:guide/vector", startMs: 1, endMs: 90, critical: true },
      { stage: "answer", startMs: 92, endMs: 400, critical: true },
    ],
  }),
];

test("a table keeps its columns' sides, and long cells wrap before it is scrolled", async () => {
  const words = "by telephone, around the clock, with an engineer who has a name ".repeat(3);
  const text = `| Plan | Price | Users | Support |\n|---|---:|:-:|---|\n| One | 9 € | 3 | ${words} |`;
  const run = [runStart, delta(text), makeEnd()];
  for (const viewport of [DESK, PHONE]) {
    await using opened = await open({ answer: play(run) }, { viewport });
    const { page } = opened;
    await ask(page);
    const table = page.getByRole("group", { name: "Table" });
    await table.waitFor();
    await waitForEnd(page);
    const sides = await table
      .locator("td")
      .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign));
    expect(sides).toEqual(["start", "right", "center", "start"]);
    const { scrollWidth, clientWidth } = await table.evaluate(({ scrollWidth, clientWidth }) => ({
      scrollWidth,
      clientWidth,
    }));
    expect(scrollWidth).toBe(clientWidth);
  }
});

test("a citation opens its passage with the evidence marked, and the way back is one key", async () => {
  await using opened = await open({ answer: play(fullRun) });
  const { page, said } = opened;
  await ask(page);
  await page.getByRole("button", { name: "Source 1: A" }).click();
  expect(await page.locator("#source-1 mark.chosen").textContent()).toBe("Timeouts");
  expect(await page.locator("#source-1 details").getAttribute("open")).not.toBeNull();
  expect(await page.locator("#source-2 details").getAttribute("open")).toBeNull();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("SUMMARY");
  await page.keyboard.press("Escape");
  expect(await page.evaluate(() => document.activeElement?.className)).toBe("cite");
  expect(said).toEqual([]);
});

test("a value is asked for by its schema, and each leaf leads to its source", async () => {
  const evidence = { documentId: "a.md", start: 0, end: 8 };
  const value = { what: "limits <b>", list: [{ "a/b": 3 }] };
  const outputChecks = [
    { pointer: "/what", verdict: "supported", citations: [{ label: 1, evidence }] },
    { pointer: "/list/0/a~1b", verdict: "unsupported", citations: [] },
  ] as const;
  const end = makeEnd({
    output: value,
    outputChecks: outputChecks.map((one) => ({ ...one, citations: [...one.citations] })),
  });
  const service = makeService({
    modes: ["direct", "agent"],
    answer: play([runStart, retrievalEnd, { type: "output-partial", value: { list: [] } }, end]),
  });
  await using server = await serveTest(service);
  await using opened = await openPage(browser, server.url);
  const { page, said } = opened;
  await page.getByText("As a value").click();
  await page.getByLabel("JSON Schema").fill("{");
  await ask(page);
  await page.getByText("This is not a JSON object.").waitFor();
  expect(service.asked).toEqual([]);
  await page.getByLabel("JSON Schema").fill('{"type":"object"}');
  await ask(page);
  await waitForEnd(page);
  expect(service.asked[0]?.output).toEqual({ schema: { type: "object" } });
  expect(await page.locator("#value .sentence.supported").textContent()).toBe('"limits <b>"');
  expect(await page.locator("#value .verdict").allTextContents()).toEqual([" (unsupported)"]);
  expect(await page.locator("#value b").count()).toBe(0);
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("button", { name: "Source 1: A" }).click();
  expect(await page.locator("#source-1 mark.chosen").textContent()).toBe("Timeouts");
  expect(said).toEqual([]);
});

test("checks are seen in the text itself, and not by colour alone", async () => {
  await using opened = await open({ answer: play(fullRun) });
  const { page } = opened;
  await ask(page);
  await page.getByText("Partly grounded").waitFor();
  const read = (name: string): Promise<string[]> => page.locator(name).allTextContents();
  expect((await read(".sentence.supported")).join("")).toBe("Timeouts are limits.");
  expect((await read(".sentence.weak")).join("")).toBe("They last three hours.");
  expect((await read(".sentence.unsupported")).join("")).toBe("Nobody knows why.");
  expect(await read(".verdict")).toEqual([" (weak)", " (unsupported)"]);
  expect(await page.locator("#checks").textContent()).toContain("3 sentences checked");
  expect(await page.locator("#notes").textContent()).toContain("leg_unavailable:guide/vector");
});

test("timeline and ledger show what ran at the same time, what was decisive, and what failed", async () => {
  await using opened = await open({ answer: play(fullRun) }, { viewport: DESK });
  const { page } = opened;
  await ask(page);
  await page.getByText("up to 2 at the same time").waitFor();
  expect(await page.locator("#timeline .critical .name").allTextContents()).toEqual([
    "open",
    "guide · vector",
    "answer",
  ]);
  const [keyword, vector] = await Promise.all(
    ["guide · keyword", "guide · vector"].map((name) =>
      page.locator("#timeline li", { hasText: name }).locator(".bar").boundingBox(),
    ),
  );
  expect(keyword?.x).toBeCloseTo(vector?.x ?? 0, 1);
  expect(vector?.width).toBeGreaterThan(10 * (keyword?.width ?? Infinity));
  expect(await page.locator("#ledger").textContent()).toContain("timed-out deadline_exceeded");
  expect(await page.locator("#facts").textContent()).toContain("812 in, 96 out");
});

test.each([
  ["a desk", DESK],
  ["a phone", PHONE],
])(
  "while text streams on %s nothing moves but the text, and a run can be stopped",
  async (_, viewport) => {
    const sentence = "Timeouts are limits, and limits are kept by those who set them. ";
    async function* answer(): AsyncGenerator<RunEvent> {
      yield* [runStart, retrievalEnd, delta(sentence)];
      for (let at = 0; at < 60; at += 1) {
        await wait(25);
        yield delta(at % 8 === 7 ? "\n\n- " : `**${at}** ${sentence}[1] `);
        if (at % 10 === 5) yield { type: "degraded", code: "rerank_skipped" };
      }
      await never;
    }
    await using opened = await open({ answer }, { viewport });
    const { page, said } = opened;
    await ask(page);
    await page.getByText("Timeouts are limits").first().waitFor();
    const readShifts = await watchShifts(page);
    await page.getByText("58").waitFor({ state: "attached" });
    expect(await readShifts()).toEqual([]);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped").waitFor();
    expect(await page.getByRole("button", { name: "Ask", exact: true }).isVisible()).toBe(true);
    expect(said).toEqual([]);
  },
);

test("what a model writes is text: no image, no link, no script, no style of its own", async () => {
  const evil =
    "# Hi\n\n<img src=x onerror=alert(1)> [go](javascript:alert(1)) ![i](http://x/) <script>alert(1)</script> &lt;b&gt; **bold** [1] [x]: http://x\n\n<div style='position:fixed'>\n\n[9] `<i>`";
  await using opened = await open({
    answer: play([runStart, retrievalEnd, delta(evil), makeEnd()]),
  });
  const { page, said } = opened;
  await ask(page);
  await page.locator("#answer strong").waitFor();
  const bad = "img, a, script, iframe, [style], [onerror], i, b, div";
  expect(await page.locator("#answer").locator(bad).count()).toBe(0);
  expect(await page.locator("#answer").textContent()).toContain("<img src=x onerror=alert(1)>");
  expect(await page.locator("#answer .cite").count()).toBe(1);
  expect(said).toEqual([]);
});

test("a stream that breaks off is shown as broken off, and never as an answer", async () => {
  const whole = [runStart, retrievalEnd, delta("Timeouts are limits. [1]"), makeEnd()];
  await using broken = await open({ answer: play(whole) });
  const { page } = broken;
  await page.route("**/v1/ask", async (route) => {
    // As when the connection is cut between two events.
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: body.slice(0, body.indexOf("id: 4")) });
  });
  await page.route("**/v1/runs/**", (route) =>
    route.fulfill({ status: 410, json: { code: "run_expired" } }),
  );
  await ask(page);
  await page.getByText("Broken off").waitFor();
  expect(await page.locator("#answer").textContent()).toContain("Timeouts are limits.");
  expect(await page.getByText("Grounded", { exact: true }).count()).toBe(0);
});

test("a refusal says why, in the service's own words, and whether asking again helps", async () => {
  const failed = makeEnd({
    outcome: "failed",
    error: { code: "store_unavailable", retryable: true },
  });
  const env = { QUESTION_CHARS_MAX: "30" };
  await using refused = await open({ answer: play([runStart, failed]), env });
  await ask(refused.page);
  await refused.page.getByText("The store cannot be read").first().waitFor();
  expect(await refused.page.getByRole("button", { name: "Ask again" }).isVisible()).toBe(true);
  // "Refused" alone would be all that is read aloud.
  expect(await refused.page.getByRole("alert").innerText()).toContain("The store cannot be read");
  await ask(refused.page, "What are timeouts, and who set them?");
  await refused.page.getByText("must have at most 30 characters").waitFor();
  expect(await refused.page.getByRole("button", { name: "Ask again" }).count()).toBe(0);
});

test("only the modes that the service offers can be chosen, and one that is no longer offered is not kept", async () => {
  await using two = await open({ answer: play(goodRun), modes: ["direct", "agent"] });
  const offered = two.page.locator("#modes input:enabled");
  const values = await offered.evaluateAll((all) => all.map((one) => one.getAttribute("value")));
  expect(values).toEqual(["direct", "agent"]);
  await two.page.getByText("Agent", { exact: true }).click();
  expect(await two.page.getByText("Research", { exact: true }).isVisible()).toBe(false);
  await ask(two.page);
  await waitForEnd(two.page);

  await using one = await open({ answer: play(goodRun) });
  await one.page.evaluate(() => localStorage.setItem("tributary.mode", "agent"));
  await one.page.reload();
  await one.page.locator("#chips > *").first().waitFor();
  expect(await one.page.locator("#modes").isVisible()).toBe(false);
  await ask(one.page);
  await waitForEnd(one.page);
  await one.page.getByText("Grounded", { exact: true }).waitFor();
});

test("where keys are asked for, a field appears, and the key goes with every request", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  const keys: (string | undefined)[] = [];
  await page.route("**/v1/**", async (route) => {
    const key = route.request().headers()["authorization"];
    keys.push(key);
    if (key !== undefined) return route.continue();
    const problem = { title: "A key is needed", detail: "send an API key", code: "unauthorized" };
    await route.fulfill({ status: 401, json: problem, contentType: "application/problem+json" });
  });
  await page.reload();
  const field = page.getByLabel("API key");
  await field.waitFor();
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
  await field.fill("trib_secret");
  await field.press("Enter");
  await page.locator("#chips .chip").first().waitFor();
  await ask(page);
  await page.getByText("Grounded", { exact: true }).waitFor();
  expect(keys.at(-1)).toBe("Bearer trib_secret");
  expect(await page.evaluate(() => Object.values(localStorage).join().includes("secret"))).toBe(
    false,
  );
});

test("what was asked is looked at again without asking again, and can be forgotten", async () => {
  await using opened = await open({ answer: play(fullRun) });
  const { page, said } = opened;
  await ask(page);
  await page.getByText("Partly grounded").waitFor();
  let requests = 0;
  await page.route("**/v1/ask", async (route) => {
    requests += 1;
    await route.continue();
  });
  await page.reload();
  await page.getByRole("button", { name: "History" }).click();
  await page.getByRole("button", { name: /^What are timeouts/ }).click();
  await page.getByRole("button", { name: "Source 1: A" }).click();
  expect(await page.locator("#source-1 mark.chosen").textContent()).toBe("Timeouts");
  expect(requests).toBe(0);
  await page.getByRole("button", { name: "History" }).click();
  await page.getByRole("button", { name: "Forget all" }).click();
  await page.getByText("Nothing was asked yet.").waitFor();
  await page.keyboard.press("Escape");
  expect(await page.locator("#history").isVisible()).toBe(false);
  expect(said).toEqual([]);
});

test("storage that is switched off or holds nonsense costs the history and nothing else", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page, said } = opened;
  await page.evaluate(() => localStorage.setItem("tributary.runs", '{"view":[null]}'));
  await page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await page.reload();
  await ask(page);
  await page.getByText("Grounded", { exact: true }).waitFor();
  await page.getByRole("button", { name: "History" }).click();
  expect(await page.locator("#history-list li").count()).toBe(1);
  expect(said).toEqual([]);
});

test("everything is reached by keyboard", async () => {
  await using opened = await open({ answer: play(goodRun) });
  const { page } = opened;
  await page.keyboard.type("What are timeouts?");
  await page.keyboard.press("Enter");
  await page.getByText("Every sentence is supported").waitFor();
  const passed = new Set<string>();
  for (let tabs = 0; tabs < 60; tabs += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const { id = "", className = "", tagName = "" } = document.activeElement ?? {};
      return id || className || tagName;
    });
    passed.add(at);
    if (at === "cite") break;
  }
  expect([...passed]).toEqual(expect.arrayContaining(["send", "answer-pane", "cite"]));
  await page.keyboard.press("Enter");
  expect(await page.locator("#source-1 details").getAttribute("open")).not.toBeNull();
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("question");
});

test("light and dark can be switched, and the choice stays", async () => {
  await using opened = await open({}, { colorScheme: "light" });
  const { page } = opened;
  const readPaper = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await readPaper();
  await page.getByRole("button", { name: "Switch between light and dark" }).click();
  const dark = await readPaper();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await readPaper()).toBe(dark);
});

test("on a phone a citation leads to its source and back", async () => {
  await using opened = await open({ answer: play(fullRun) }, { viewport: PHONE });
  const { page } = opened;
  await ask(page);
  await page.getByRole("button", { name: "Source 1: A" }).click();
  expect(await page.locator("#source-1 mark.chosen").isVisible()).toBe(true);
  expect(await page.locator("#answer").isVisible()).toBe(false);
  await page.getByRole("button", { name: "Back to the answer" }).click();
  expect(await page.locator("#answer").isVisible()).toBe(true);
  expect(await page.evaluate(() => document.activeElement?.className)).toBe("cite");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  expect(await page.locator("#timeline").isVisible()).toBe(true);
});

test.each(
  [DESK, PHONE].flatMap((viewport) => SCHEMES.map((colorScheme) => ({ viewport, colorScheme }))),
)(
  "at $viewport.width pixels, $colorScheme, it fits, and axe finds nothing against it",
  async (options) => {
    await using opened = await open({ answer: play(fullRun) }, { ...options, bypassCSP: true });
    const { page } = opened;
    const check = async (): Promise<void> => {
      const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
      expect(await findBarriers(page)).toEqual([]);
    };
    await page.emulateMedia({ reducedMotion: "reduce" });
    await check();
    await ask(page);
    await waitForEnd(page);
    await page.getByText("Partly grounded").waitFor();
    await check();
    await page.locator("#answer .cite").first().click();
    await check();
    if (options.viewport === PHONE) {
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await check();
    }
    await page.getByRole("button", { name: "History" }).click();
    await check();
  },
);
