/** One deadline and one signal to everything that a run waits for: each call in turn hangs until its signal aborts. */
import { expect, test } from "vitest";
import { answer, type AnswerDeps } from "../src/answer.ts";
import { sleep } from "../src/async/clock.ts";
import { findRemainingMs } from "../src/async/deadline.ts";
import type { Ask } from "../src/domain/ask.ts";
import type { RunEnd, RunEvent } from "../src/domain/event.ts";
import type { ChatDelta, ChatModel, Embedder, Reranker } from "../src/models/model.ts";
import type { ReadStore } from "../src/stores/store.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { createTestStore, wordEmbedder } from "./support/collections.ts";
import { createFakeClock, settle } from "./support/fake-clock.ts";
import { testConfig, toAsk } from "./support/run.ts";

const never = new AbortController().signal;
const DEADLINE_MS = 30_000;
const texts = { retries: "Retries use jitter.", queue: "A queue with jitter rejects work." };
const LATE_MS = 1_000_000;

type Call = "list" | "open" | "embed" | "terms" | "vector" | "keyword" | "take" | "rerank" | "chat";

/** Each call, and whether one of the same question was answered before, from which the run knows what to embed. */
const CALLS: readonly (readonly [call: Call, when: "first" | "again"])[] = [
  ["list", "first"],
  ["open", "first"],
  ["embed", "first"],
  ["embed", "again"],
  ["terms", "first"],
  ["vector", "first"],
  ["keyword", "first"],
  ["take", "first"],
  ["rerank", "first"],
  ["chat", "first"],
];

/** A run of which this call hangs; `timeoutsMs`: what the store was told that its searches may take. */
async function setUp(hanging: Call, when: "first" | "again") {
  const clock = createFakeClock();
  const inner = await createTestStore({ handbook: texts });
  const timeoutsMs: number[] = [];
  const hung = Promise.withResolvers<AbortSignal>();
  const state = { isOn: when === "first" };
  const pass = async <T>(call: Call, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    if (state.isOn && call === hanging) {
      hung.resolve(signal);
      await sleep(clock, LATE_MS, signal);
    }
    return work();
  };
  const store: ReadStore = {
    kind: inner.kind,
    list: (signal) => pass("list", signal, () => inner.list(signal)),
    async open(name, signal) {
      const snapshot = await pass("open", signal, () => inner.open(name, never));
      return {
        ...snapshot,
        terms: (text, own) => pass("terms", own, () => snapshot.terms(text, own)),
        search(query, own) {
          timeoutsMs.push(query.timeoutMs);
          return pass(query.type, own, () => snapshot.search(query, own));
        },
        take: (rows, own) => pass("take", own, () => snapshot.take(rows, own)),
      };
    },
  };
  const embedder: Embedder = {
    ...wordEmbedder,
    embed: (all, kind, signal) =>
      pass("embed", signal, () => wordEmbedder.embed(all, kind, signal)),
  };
  const remote: Reranker = {
    id: "r",
    score: (_question, all, signal) => pass("rerank", signal, async () => all.map(() => 1)),
  };
  const chat: ChatModel = {
    id: "m",
    async *stream(_request, signal): AsyncGenerator<ChatDelta> {
      await pass("chat", signal, async () => undefined);
      yield { type: "text", text: "Retries use jitter. [1]" };
      yield { type: "finish", reason: "stop" };
    },
  };
  const deps: AnswerDeps = {
    config: testConfig,
    clock,
    log: silentLog,
    store,
    embedders: new Map([[embedder.id, embedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: { remote },
    chat,
  };
  const start = (client: AbortSignal, deadlineMs = DEADLINE_MS, more: Partial<Ask> = {}) => {
    const ask = toAsk("Why jitter?", { deadlineMs, retrieval: { rerank: "remote" } });
    return answer(deps, { ...ask, ...more }, client);
  };
  if (when === "again") await readAll(start(never));
  state.isOn = true;
  return { clock, start, hung: hung.promise, timeoutsMs };
}

async function readAll(events: AsyncIterable<RunEvent>): Promise<RunEnd | undefined> {
  let end: RunEnd | undefined;
  for await (const event of events) if (event.type === "run-end") end = event;
  return end;
}

test.each(CALLS)("%s (%s): a client that leaves ends the call and the run", async (call, when) => {
  const { clock, start, hung } = await setUp(call, when);
  const client = new AbortController();
  const reading = readAll(start(client.signal));
  const signal = await hung;
  expect(findRemainingMs(signal)).toBeLessThanOrEqual(DEADLINE_MS);
  client.abort();
  expect(signal.aborted).toBe(true);
  expect(await reading).toMatchObject({ outcome: "cancelled" });
  expect(clock.pending).toBe(0);
});

test.each(CALLS)("%s (%s): who leaves the events does so too", async (call, when) => {
  const { clock, start, hung } = await setUp(call, when);
  const events = start(never)[Symbol.asyncIterator]();
  void events.next();
  const signal = await hung;
  await events.return?.();
  expect(signal.aborted).toBe(true);
  await settle();
  expect(clock.pending).toBe(0);
});

test.each(CALLS)(
  "%s (%s): the run's deadline ends it, and no call is given more",
  async (call, when) => {
    const { clock, start, hung, timeoutsMs } = await setUp(call, when);
    const reading = readAll(start(never, 500));
    const signal = await hung;
    expect(findRemainingMs(signal)).toBeLessThanOrEqual(500);
    await clock.advance(500);
    expect(signal.aborted).toBe(true);
    expect((await reading)?.outcome).toMatch(/^(?:finished|expired|failed)$/);
    expect(timeoutsMs.filter((ms) => ms > 500)).toEqual(when === "again" ? [1_000, 1_000] : []);
    expect(clock.pending).toBe(0);
  },
);

const { embedTimeoutMs, searchTimeoutMs, takeTimeoutMs, rerankTimeoutMs } = testConfig;
const BUDGETS: readonly (readonly [call: Call, ms: number, stage: string])[] = [
  ["list", searchTimeoutMs, "open"],
  ["embed", embedTimeoutMs, "embed"],
  ["vector", searchTimeoutMs, "search:handbook/vector"],
  ["keyword", searchTimeoutMs, "search:handbook/keyword"],
  ["rerank", rerankTimeoutMs, "rerank"],
];

test.each(BUDGETS)(
  "%s: its budget of %i ms ends it alone, and the timeline shows %s as cut",
  async (call, ms, stage) => {
    const { clock, start, hung } = await setUp(call, "first");
    const reading = readAll(start(never));
    const signal = await hung;
    await clock.advance(ms - 1);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
    const end = await reading;
    const cut = end?.timeline.filter((entry) => entry.cut === "deadline_exceeded");
    expect(cut?.[0]).toMatchObject({ stage, endMs: ms });
    expect(end?.outcome).toBe(call === "list" ? "expired" : "finished");
  },
);

test("embed: of a short deadline half is left to the answer", async () => {
  const { clock, start, hung } = await setUp("embed", "first");
  const reading = readAll(start(never, 1_000));
  const signal = await hung;
  await clock.advance(499);
  expect(signal.aborted).toBe(false);
  await clock.advance(1);
  expect(signal.aborted).toBe(true);
  expect(await reading).toMatchObject({ outcome: "finished", answerer: "m" });
});

test("a run that fails ends what it still waits for: the rewriting of a question that cannot be searched", async () => {
  const { start, hung } = await setUp("chat", "first");
  const history = [{ role: "user", content: "Why?" } as const];
  const filter = { field: "page", op: "eq", value: "1" } as const;
  const reading = readAll(start(never, DEADLINE_MS, { history, filter }));
  const signal = await hung;
  expect(await reading).toMatchObject({ outcome: "failed", error: { code: "invalid_filter" } });
  await settle();
  expect(signal.aborted).toBe(true);
});

test("take: its budget ends it alone, and the answer says what is missing", async () => {
  const { clock, start, hung } = await setUp("take", "first");
  const reading = readAll(start(never));
  const signal = await hung;
  await clock.advance(takeTimeoutMs);
  expect(signal.reason).toMatchObject({ code: "deadline_exceeded" });
  expect((await reading)?.degraded).toContain("collection_unavailable:handbook");
});
