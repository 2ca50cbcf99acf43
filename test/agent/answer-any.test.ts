/** Whatever models, tools and limits do within whatever time: a run has one end, in time, and comes to an answer wherever one can be given. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { answer } from "../../src/answer.ts";
import { sleep } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { ChatModel } from "../../src/models/model.ts";
import { protectChat } from "../../src/models/protect.ts";
import { recordLog } from "../support/app.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { createFakeClock, type FakeClock, settle } from "../support/fake-clock.ts";
import { toAsk } from "../support/run.ts";

/** What a model does with a call: it waits, calls a tool where there is one, writes, and ends somehow. */
interface Play {
  readonly firstMs: number;
  readonly words: number;
  readonly wordMs: number;
  readonly calls: "nothing" | "search" | "unknown";
  readonly ends: "whole" | "hangs" | ErrorCode;
}

const ms = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max }));
const play: fc.Arbitrary<Play> = fc.record({
  firstMs: ms(12_000),
  words: fc.nat(8),
  wordMs: ms(4_000),
  calls: fc.constantFrom("nothing", "nothing", "search", "unknown"),
  ends: fc.oneof(
    { weight: 3, arbitrary: fc.constant("whole" as const) },
    fc.constantFrom<Play["ends"]>(
      "hangs",
      "upstream_unavailable",
      "upstream_rate_limited",
      "upstream_truncated",
      "upstream_bad_response",
      "upstream_config",
      "context_too_long",
    ),
  ),
});
const world = fc.record({
  plays: fc.array(fc.array(play, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  mode: fc.constantFrom("direct" as const, "agent" as const),
  isWhole: fc.boolean(),
  grounding: fc.constantFrom("flag" as const, "withhold" as const, "repair" as const),
  deadlineMs: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 60_000 })),
  leavesMs: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat(20_000)),
  limits: fc.record({
    stepsMax: fc.integer({ min: 1, max: 4 }),
    toolCallsMax: fc.integer({ min: 1, max: 5 }),
    tokensMax: fc.integer({ min: 1, max: 4_000 }),
  }),
});

const HEALTHY: Play = { firstMs: 5, words: 3, wordMs: 5, calls: "nothing", ends: "whole" };
const WORDS = ["Retries ", "use ", "jitter ", "[1]. ", "Made ", "up ", "[2]. ", "Queues [1]. "];

function createModel(clock: FakeClock, id: string, plays: readonly Play[]) {
  const state = { calls: 0, running: 0, lastMs: 0 };
  const model: ChatModel = {
    id,
    async *stream({ tools }, signal) {
      const now = plays[state.calls] ?? HEALTHY;
      state.calls += 1;
      state.running += 1;
      state.lastMs = clock.now();
      try {
        await sleep(clock, now.firstMs, signal);
        for (const text of WORDS.slice(0, now.words)) {
          yield { type: "text", text };
          await sleep(clock, now.wordMs, signal);
        }
        if (now.ends === "hangs") await sleep(clock, 10_000_000, signal);
        else if (now.ends !== "whole") throw new AppError(now.ends);
        const isCall = now.calls !== "nothing" && tools !== undefined && tools.length > 0;
        if (isCall) {
          const call = { id: "c", name: now.calls, arguments: '{"query":"bounded queue"}' };
          yield { type: "tool-calls", calls: [call] };
        }
        yield { type: "finish", reason: isCall ? "tool-calls" : "stop" };
      } finally {
        state.running -= 1;
      }
    },
  };
  return { model, state };
}

const TEXTS = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
  queue: "A bounded queue rejects work when it is full.",
};

test("a run ends once and in time, and one that is given whole has an answer", async () => {
  const store = await createTestStore({ handbook: TEXTS });
  await fc.assert(
    fc.asyncProperty(world, async ({ plays, isWhole, deadlineMs, leavesMs, ...asked }) => {
      const clock = createFakeClock();
      const log = recordLog();
      const config = parseConfig({ CHAT_CONCURRENCY_MAX: "2", ATTEMPTS_MAX: "3" });
      const models = plays.map((some, index) => createModel(clock, `m${index}`, some));
      const [first, ...others] = models.map(({ model }) => model);
      const upstreams = createUpstreamRegistry();
      const chat = protectChat(first as ChatModel, others, { config, clock, upstreams });
      const embedders = new Map([[wordEmbedder.id, wordEmbedder]]);
      const own = { chat, embedders, sentenceEmbedder: wordEmbedder, rerankers: {}, isWhole };
      const client = new AbortController();
      const cancelTimer = clock.timer(leavesMs ?? 1e6, () =>
        client.abort(new AppError("cancelled")),
      );
      const startMs = clock.now();
      const events: RunEvent[] = [];
      const state = { endMs: 0 };
      const listen = async (): Promise<void> => {
        const ask = toAsk("Why do retries use jitter?", { ...asked, deadlineMs });
        const deps = { config, clock, log, store, ...own };
        for await (const event of answer(deps, ask, client.signal)) events.push(event);
        state.endMs = clock.now();
        cancelTimer();
      };
      const listening = listen();
      for (let turn = 0; turn < 20; turn += 1) await settle();
      await clock.advance(200_000);
      await Promise.race([listening, settle()]);

      const types = events.map(({ type }) => type);
      expect(types.filter((type) => type === "run-end")).toEqual(["run-end"]);
      const end = events.at(-1);
      if (end?.type !== "run-end") throw new Error(`${end?.type} came last`);
      expect(state.endMs - startMs).toBeLessThanOrEqual(Math.min(deadlineMs, leavesMs ?? Infinity));
      expect(log.lines.filter((line) => line.includes("run-failed"))).toEqual([]);
      expect(models.map(({ state: { running } }) => running)).toEqual(models.map(() => 0));
      for (const {
        state: { lastMs },
      } of models)
        expect(lastMs - startMs).toBeLessThan(deadlineMs);
      expect(clock.pending).toBe(0);
      expect(types.filter((type) => type === "step-start").length).toBeLessThanOrEqual(
        asked.limits.stepsMax,
      );
      expect(types.filter((type) => type === "tool-result").length).toBeLessThanOrEqual(
        asked.limits.toolCallsMax,
      );
      // Nothing that is streamed is taken back, and nothing is taken back that is not replaced.
      const resets = types.filter((type) => type === "text-reset").length;
      expect(resets).toBeLessThanOrEqual(isWhole ? 1 : 0);
      expect(end.answerer === "extractive").toBe(end.degraded.includes("extractive"));
      expect(resets > 0 && end.answerer !== "extractive").toBe(false);
      const isDone = end.outcome === "finished" || end.outcome === "exhausted";
      const after = types.slice(types.lastIndexOf("text-reset") + 1);
      expect(isDone).toBe(isDone && after.includes("text-delta"));
      // Silence, a model that breaks off and a short time cost the model's words, not the answer.
      expect(isDone || !isWhole || leavesMs !== undefined).toBe(true);
    }),
    { numRuns: 200 },
  );
});
