/** Whatever an upstream does and whoever comes and goes: the call policies in common, on a clock that stands still. */
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import { sleep } from "../../src/async/clock.ts";
import { NEVER } from "../../src/async/never.ts";
import type { SharedTurns } from "../../src/async/rate-window.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, type ErrorCode, toAppError } from "../../src/errors.ts";
import type { ChatModel, ChatRequest, Embedder } from "../../src/models/model.ts";
import { protectChat, protectEmbedder } from "../../src/models/protect.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

/** What an upstream does with a call. */
type Play =
  | { readonly does: "answers" | "hangs" | "breaks off"; readonly afterMs: number }
  | { readonly does: "fails"; readonly afterMs: number; readonly code: ErrorCode };

/** What is said of a call's turn where turns are taken in common: so late, and to wait so long; undefined: not reached. */
interface Turn {
  readonly afterMs: number;
  readonly waitMs: number | undefined;
}

/** Who calls, how long after the one before, for how long, and when it leaves. */
interface Call {
  readonly gapMs: number;
  readonly budgetMs: number;
  readonly leavesMs: number | undefined;
  readonly question: number;
}

const HEALTHY: Play = { does: "answers", afterMs: 5 };
const HEDGES_MAX = 3;
const ENV = {
  EMBED_CONCURRENCY_MAX: "3",
  CHAT_CONCURRENCY_MAX: "3",
  UPSTREAM_QUEUE_MAX: "4",
  HEDGE_SHARE_MAX: "0.5",
  CHAT_HEDGE_SHARE_MAX: "0.5",
  EMBED_REQUESTS_PER_MINUTE_MAX: "60",
  CHAT_REQUESTS_PER_MINUTE_MAX: "60",
  RETRY_TOKENS_MAX: "30",
};

const afterMs = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 25_000 }));
const play: fc.Arbitrary<Play> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("answers" as const), afterMs }) },
  fc.record({ does: fc.constantFrom("hangs" as const, "breaks off" as const), afterMs }),
  fc.record({
    does: fc.constant("fails" as const),
    afterMs,
    code: fc.constantFrom<ErrorCode>(
      "upstream_unavailable",
      "upstream_rate_limited",
      "upstream_bad_response",
      "upstream_config",
      "context_too_long",
    ),
  }),
);
const call: fc.Arbitrary<Call> = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 8_000 })),
  budgetMs: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 1, max: 60_000 })),
  leavesMs: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
  question: fc.nat(2),
});

const turn: fc.Arbitrary<Turn> = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
  waitMs: fc
    .option(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90_000 })))
    .map((ms) => ms ?? undefined),
});

/** Turns in common, said as told, and those that were booked and neither used nor given back in the end. */
function createTurns(clock: FakeClock, said: readonly Turn[]) {
  const state = { books: 0, given: 0, back: 0 };
  const turns: SharedTurns = {
    async book() {
      const { afterMs, waitMs } = said[state.books] ?? { afterMs: 0, waitMs: 0 };
      state.books += 1;
      if (afterMs > 0) await sleep(clock, afterMs, NEVER);
      if (waitMs === undefined) return undefined;
      state.given += 1;
      return { waitMs, cancel: () => void (state.back += 1) };
    },
  };
  return { state, turns };
}

/** An upstream that plays its part for each call in turn, and is well when it has none left. */
function createUpstream(clock: FakeClock, plays: readonly Play[]) {
  const state = { calls: 0, running: 0 };
  const serve = async (signal: AbortSignal): Promise<Play> => {
    const now = plays[state.calls] ?? HEALTHY;
    state.calls += 1;
    state.running += 1;
    try {
      await sleep(clock, now.does === "hangs" ? 10_000_000 : now.afterMs, signal);
    } finally {
      state.running -= 1;
    }
    if (now.does === "fails") throw new AppError(now.code);
    return now;
  };
  return { state, serve };
}

type Upstream = ReturnType<typeof createUpstream>;

function toEmbedder({ serve }: Upstream): Embedder {
  return {
    id: "e",
    dimensions: 1,
    batchMax: 10,
    fusionWeight: 1,
    async embed(texts, _kind, signal) {
      const { does } = await serve(signal);
      if (does === "breaks off") throw new AppError("embedding_invalid");
      return texts.map(() => Float32Array.of(1));
    },
  };
}

function toChat(id: string, { serve, state }: Upstream): ChatModel {
  return {
    id,
    async *stream(_request, signal) {
      const { does } = await serve(signal);
      state.running += 1;
      try {
        yield { type: "text", text: id };
        signal.throwIfAborted();
        if (does === "breaks off") throw new AppError("upstream_truncated");
        yield { type: "finish", reason: "stop" };
      } finally {
        state.running -= 1;
      }
    },
  };
}

const REQUEST: ChatRequest = { messages: [], outputTokensMax: 1, temperature: 0 };

async function readText(chat: ChatModel, signal: AbortSignal): Promise<string> {
  let text = "";
  for await (const delta of chat.stream(REQUEST, signal)) {
    if (delta.type === "text") text += delta.text;
  }
  return text;
}

/** One world: its upstreams, and a way to call them that says how it ended and when. */
function setUp(
  kind: "embed" | "chat",
  plays: readonly (readonly Play[])[],
  said: readonly Turn[] | undefined,
) {
  const clock = createFakeClock();
  const common = said && createTurns(clock, said);
  const registry = createUpstreamRegistry(common?.turns);
  const deps = { config: parseConfig(ENV), clock, upstreams: registry, random: () => 0.5 };
  const upstreams = plays.map((some) => createUpstream(clock, some));
  const [first, ...others] = upstreams.map((one, index) => toChat(`m${index}`, one));
  const embedder = protectEmbedder(toEmbedder(upstreams[0] as Upstream), deps);
  const chat = protectChat(first as ChatModel, others, deps);
  const ask = (question: number, signal: AbortSignal): Promise<unknown> =>
    kind === "embed" ? embedder.embed([`q${question}`], "query", signal) : readText(chat, signal);
  const counts = () =>
    registry
      .read()
      .filter(({ upstream }) => upstream.startsWith(kind))
      .map((one) => one.counts);
  return { clock, upstreams, registry, ask, counts, turns: common?.state };
}

async function playOut(world: ReturnType<typeof setUp>, calls: readonly Call[]) {
  const { clock, ask } = world;
  const signals: AbortSignal[] = [];
  const ended: Promise<{ readonly ms: number; readonly code: string | undefined }>[] = [];
  for (const { gapMs, budgetMs, leavesMs, question } of calls) {
    await clock.advance(gapMs);
    const client = new AbortController();
    const deadline = startDeadline({ clock, budgetMs, parent: client.signal });
    const cancel = clock.timer(leavesMs ?? 100_000, () => client.abort(new AppError("cancelled")));
    const startMs = clock.now();
    signals.push(deadline.signal);
    const end = async () => {
      let code: string | undefined;
      try {
        await ask(question, deadline.signal);
      } catch (thrown) {
        ({ code } = toAppError(thrown));
      }
      cancel();
      deadline[Symbol.dispose]();
      return { ms: clock.now() - startMs, code };
    };
    ended.push(end());
  }
  await clock.advance(200_000);
  return { ended: await Promise.all(ended), signals };
}

describe.each(["embed", "chat"] as const)("calls of the kind %s", (kind) => {
  test("end in time, leave nothing behind, and are no more than were allowed", async () => {
    const world = fc.record({
      plays: fc.array(fc.array(play, { maxLength: 30 }), { minLength: 1, maxLength: 3 }),
      calls: fc.array(call, { minLength: 1, maxLength: 40 }),
      said: fc.option(fc.array(turn, { maxLength: 30 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ plays, calls, said }) => {
        const given = setUp(kind, plays, said);
        const { clock, upstreams, counts, ask, turns } = given;
        const { ended, signals } = await playOut(given, calls);
        for (const [index, { ms, code }] of ended.entries()) {
          const { budgetMs = 0, leavesMs = budgetMs } = calls[index] ?? {};
          expect(ms).toBeLessThanOrEqual(Math.min(budgetMs, leavesMs));
          expect(code).not.toBe("internal");
        }
        expect(clock.pending).toBe(0);
        expect(upstreams.map(({ state }) => state.running)).toEqual(plays.map(() => 0));
        // A deadline hears of its own end, and nobody else does.
        const heard = signals.map((signal) => getEventListeners(signal, "abort").length);
        expect(heard).toEqual(signals.map(({ aborted }) => (aborted ? 0 : 1)));
        const sent = upstreams.reduce((sum, { state }) => sum + state.calls, 0);
        const sum = (name: "attempts" | "retries" | "hedges" | "fallbacks"): number =>
          counts().reduce((total, one) => total + one[name], 0);
        expect(sum("attempts")).toBe(sent);
        // Of the turns in common as many are used as calls were sent; an upstream that is not reached takes its own.
        expect((turns?.given ?? 0) - (turns?.back ?? 0)).toBeLessThanOrEqual(sent);
        const allowed = calls.length + sum("retries") + sum("hedges") + sum("fallbacks");
        expect(sent).toBeLessThanOrEqual(allowed);
        expect(sent).toBeLessThanOrEqual(calls.length * HEDGES_MAX * 4);
        // It is well again soon after its upstreams are: every slot is back, and every breaker tries.
        while (upstreams.some(({ state }, index) => state.calls < (plays[index]?.length ?? 0))) {
          for (const { state } of upstreams) state.calls += 1;
        }
        if (turns !== undefined) turns.books = Number.POSITIVE_INFINITY;
        await clock.advance(5_000);
        const late = Array.from({ length: 3 }, (_, index) =>
          ask(10 + index, new AbortController().signal).catch((error: unknown) => error),
        );
        await clock.advance(1_000);
        const next = ask(20, new AbortController().signal);
        await clock.advance(1_000);
        await Promise.all(late);
        expect(await next).toBeDefined();
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
