/** The playground where everything that it is told may be HTML, and where a key is not one. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { makeEnd, makeService, passage, play, runStart, serveTest } from "../support/app.ts";
import { ask, openPage, startBrowser, waitForEnd } from "../support/browser.ts";
import { makeAccess, makeKey } from "../support/keys.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const EVIL = `"><img src=//127.0.0.1:1/x onerror=alert(1)><script>alert(2)</script>`;
const leg = {
  collection: EVIL,
  retriever: EVIL as "keyword",
  startMs: 1,
  endMs: 4,
  found: 9,
  kept: 2,
};
const check = { start: 0, end: 20, verdict: "weak", labels: [1] } as const;
const evidence = { documentId: EVIL, start: 0, end: 8 };

/** A run whose every text is HTML, those that only the service's own code writes included. */
const evilRun = [
  { ...runStart, question: EVIL, collections: [EVIL], versions: { [EVIL]: 1 } },
  {
    type: "retrieval-end",
    passages: [
      {
        ...passage,
        chunkId: EVIL,
        collection: EVIL,
        documentId: EVIL,
        title: EVIL,
        text: `Timeouts are limits. ${EVIL}`,
        location: { headings: [`A ${EVIL}`] },
        trail: { [EVIL]: 1 },
        metadata: { [EVIL]: EVIL },
      },
    ],
  },
  {
    type: "text-delta",
    text: `Timeouts are limits. [1] ${EVIL}\n\n| ${EVIL} |\n|---|\n| ${EVIL} |`,
  },
  { type: "degraded", code: `leg_unavailable:${EVIL}` },
  { type: "citation", label: 1, start: 0, end: 20, evidence },
  { type: "sentence-check", ...check },
  makeEnd({
    answerer: EVIL,
    versions: { [EVIL]: 1 },
    degraded: [EVIL, `leg_unavailable:${EVIL}`],
    ledger: [
      { ...leg, status: "found" },
      { ...leg, status: "timed-out", code: EVIL },
    ],
    timeline: [{ stage: EVIL, startMs: 0, endMs: 9, critical: true }],
    output: { [EVIL]: EVIL },
    outputChecks: [],
    outcome: "failed",
    error: { code: "internal", retryable: true, stage: EVIL, detail: EVIL },
  }),
] as readonly RunEvent[];

const error = { code: "store_unavailable", retryable: true, detail: EVIL } as const;
/** It fails before it has anything to show. */
const refusal = [runStart, makeEnd({ outcome: "failed", error })];

test.each<readonly [string, readonly RunEvent[]]>([
  ["a run", evilRun],
  ["a refusal", refusal],
])("HTML in any text of %s is shown as it is written, and nothing is fetched", async (_, run) => {
  await using server = await serveTest(makeService({ answer: play(run) }));
  await using opened = await openPage(browser, server.url);
  const { page, said } = opened;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  const count = () => page.locator("img, script, iframe, [onerror]").count();
  const before = await count();
  await ask(page, EVIL);
  await waitForEnd(page);
  await page.locator("#problem, #status").getByText(EVIL).first().waitFor();
  await page.getByRole("button", { name: "History" }).click();
  expect(await count()).toBe(before);
  expect(new Set(asked)).toEqual(new Set([server.url]));
  expect(said.filter((line) => !line.includes("503"))).toEqual([]);
});

/** The page of a service that asks for one of these keys, with the field for it and the collections it shows. */
async function openWithKeys(entries: Parameters<typeof makeAccess>[0]) {
  const { access } = makeAccess(entries);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await serveTest(makeService({ access })));
  const { page } = stack.use(await openPage(browser, server.url));
  page.setDefaultTimeout(10_000);
  const field = page.getByLabel("This service asks for an API key");
  const chips = page.locator("#chips");
  const all = stack.move();
  return { page, field, chips, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test.each<readonly [string, (key: string) => string]>([
  ["with signs around it that no key has", (key) => `\u201c${key}\u201d`],
  ["mistyped", (key) => key.slice(1)],
])("a key %s is refused as one, and can be mended after a reload", async (_, spoil) => {
  const { key, entry } = await makeKey();
  await using opened = await openWithKeys([entry]);
  const { page, field, chips } = opened;
  // Whichever of the two that the page asks for is refused first.
  await page.route("**/v1/collections", async (route) => {
    await wait(200);
    await route.continue();
  });
  await field.fill(spoil(key));
  await field.press("Enter");
  await page.reload();
  await chips.getByText("send a key of this service").waitFor();
  await field.fill(key);
  await field.press("Enter");
  await expect.poll(() => chips.locator(".chip").allTextContents()).toEqual(["guide"]);
});

test("a key that may not read can be exchanged for another after a reload", async () => {
  const [narrow, wide] = await Promise.all([makeKey({ scopes: ["write"] }), makeKey()]);
  await using opened = await openWithKeys([narrow.entry, wide.entry]);
  const { page, field, chips } = opened;
  await field.fill(narrow.key);
  await field.press("Enter");
  await chips.getByText("this address needs a key").waitFor();
  await page.reload();
  await chips.getByText("this address needs a key").waitFor();
  await field.fill(wide.key);
  await field.press("Enter");
  await expect.poll(() => chips.locator(".chip").allTextContents()).toEqual(["guide"]);
});
