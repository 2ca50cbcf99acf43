import { expect, test } from "vitest";
import { type AnswerDeps, search } from "../../src/answer.ts";
import { type Clock, systemClock } from "../../src/async/clock.ts";
import type { RunEnd } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import type { ReadStore, Snapshot } from "../../src/stores/store.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { readEnd, testConfig, toAsk } from "../support/run.ts";

const never = new AbortController().signal;
const texts = { retries: "Retries use jitter.", queue: "A bounded queue rejects work." };

interface Setting {
  readonly embedTimeoutMs?: number;
  readonly clock?: Clock;
}

/** The store can be made to open only when the embedder has been asked, and the embedder to wait for ever. */
async function makeWorld({ embedTimeoutMs = 50, clock = systemClock }: Setting = {}) {
  const inner = await createTestStore({ handbook: texts, faq: texts });
  const calls: AbortSignal[] = [];
  let onCall = (): void => undefined;
  const asked = new Promise<void>((resolve) => (onCall = resolve));
  const world = { needsCall: false, hangs: false, embedderId: wordEmbedder.id };
  const open = async (name: string): Promise<Snapshot> => {
    if (world.needsCall) await asked;
    const snapshot = await inner.open(name, never);
    return { ...snapshot, info: { ...snapshot.info, embedder: world.embedderId } };
  };
  const store: ReadStore = { ...inner, open };
  const embedder: Embedder = {
    ...wordEmbedder,
    embed(questions, kind, signal) {
      calls.push(signal);
      if (world.needsCall) onCall();
      if (world.hangs) return new Promise(() => undefined);
      return wordEmbedder.embed(questions, kind, signal);
    },
  };
  const other: Embedder = { ...wordEmbedder, id: "test:other" };
  const deps: AnswerDeps = {
    config: { ...testConfig, embedTimeoutMs },
    clock,
    log: silentLog,
    store,
    embedders: new Map([
      [embedder.id, embedder],
      [other.id, other],
    ]),
    sentenceEmbedder: wordEmbedder,
    rerankers: {},
  };
  const ask = (changes: Parameters<typeof toAsk>[1] = {}): Promise<RunEnd> =>
    readEnd(search(deps, toAsk("Why jitter?", changes), never));
  return { world, calls, ask };
}

const found = (end: RunEnd): unknown[] =>
  end.ledger.filter(({ retriever }) => retriever === "vector").map(({ status }) => status);

test("from the second question on, the embedder is asked while the collections are opened", async () => {
  const { world, calls, ask } = await makeWorld();
  expect(found(await ask())).toEqual(["found", "found"]);
  world.needsCall = true;
  const end = await ask();
  expect(found(end)).toEqual(["found", "found"]);
  expect(calls.length).toBe(2);
  const stages = end.timeline.map(({ stage }) => stage);
  expect(stages.indexOf("embed")).toBeLessThan(stages.indexOf("open"));
});

test.each([
  ["a collection that was not opened before", { collections: ["faq"] }],
  [
    "a filter, by which all may be passed over",
    { filter: { field: "title", op: "eq", value: "x" } },
  ],
] as const)("waits for the collections with %s", async (_, changes) => {
  const { calls, ask, world } = await makeWorld();
  await ask({ collections: ["handbook"] });
  const before = calls.length;
  world.embedderId = "test:other";
  await ask(changes);
  expect(calls.length).toBe(before);
});

test("nothing is embedded ahead for words alone", async () => {
  const { calls, ask } = await makeWorld();
  await ask();
  await ask({ retrieval: { retrievers: ["keyword"] } });
  expect(calls.length).toBe(1);
});

test("a collection that was embedded anew is searched with its own embedder, and the other call is ended", async () => {
  const { world, calls, ask } = await makeWorld();
  await ask();
  world.embedderId = "test:other";
  world.hangs = true;
  expect(found(await ask())).toEqual(["found", "found"]);
  expect(calls.length).toBe(2);
  expect(calls[1]?.aborted).toBe(true);
});

test("an embedder that fails ahead fails its legs and nothing else", async () => {
  const { ask, calls, world } = await makeWorld();
  await ask();
  world.hangs = true;
  const end = await ask();
  expect(end.outcome).toBe("finished");
  expect(new Set(found(end))).toEqual(new Set(["timed-out"]));
  expect(calls[1]?.reason).toBeInstanceOf(AppError);
});

test.each([
  [1_000, 500],
  [3_000, 1_500],
  [4_500, 2_500],
  [9_000, 3_000],
])(
  "of a deadline of %d ms a silent embedder takes %d ms, and the words are answered from",
  async (deadlineMs, takesMs) => {
    const clock = createFakeClock();
    const { ask, calls, world } = await makeWorld({ embedTimeoutMs: 3_000, clock });
    world.hangs = true;
    const asking = ask({ deadlineMs });
    await settle();
    await clock.advance(takesMs - 1);
    expect(calls[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(calls[0]?.reason).toMatchObject({ code: "deadline_exceeded", stage: "embed" });
    const end = await asking;
    expect([end.outcome, end.degraded]).toEqual(["finished", ["vector_unavailable"]]);
  },
);
