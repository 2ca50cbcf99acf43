/**
 * Copies, retries, fallback models and breakers on one chain of models whose streams fail anywhere, before callers who leave
 * anywhere: whoever hears a word hears one stream, and what it may cost is bounded. On a clock that stands still.
 */
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sleep } from "../../src/async/clock.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { NEVER } from "../../src/async/never.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, type ErrorCode, toAppError } from "../../src/errors.ts";
import type { ChatDelta, ChatModel, ChatRequest } from "../../src/models/model.ts";
import { protectChat } from "../../src/models/protect.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

/** One answer of a model: what it sends, so long after what was before, and how it ends. */
interface Play {
  readonly sends: readonly { readonly afterMs: number; readonly type: "reasoning" | "text" }[];
  readonly endsAfterMs: number;
  readonly ends: "finish" | "hangs" | ErrorCode;
  readonly retryAfterMs: number | undefined;
}

/** Who asks: how long after the one before, with how much time, and how it leaves. */
interface Call {
  readonly gapMs: number;
  readonly budgetMs: number;
  readonly cancelsMs: number | undefined;
  /** It reads no more than so many deltas, */
  readonly readsMax: number;
  /** and so slowly. */
  readonly slowMs: number;
}

const ATTEMPTS_MAX = 4;
const COPIES_MAX = 3;
const RETRY_TOKENS = 10;
const RETRY_COST = 5;
const STALL_COST = 10;
const BREAKER_OPEN_MS = 2_000;
const HEDGE_SHARE = 0.5;
const CREDIT_MAX = 10;
/** A hedge knows what is late after so many answers. */
const WARM_UP = 20;
const ENV = {
  CHAT_CONCURRENCY_MAX: "4",
  UPSTREAM_QUEUE_MAX: "4",
  CHAT_HEDGE_SHARE_MAX: `${HEDGE_SHARE}`,
  RETRY_TOKENS_MAX: `${RETRY_TOKENS}`,
  RETRY_COST: `${RETRY_COST}`,
  RETRY_STALL_COST: `${STALL_COST}`,
  ATTEMPTS_MAX: `${ATTEMPTS_MAX}`,
  BREAKER_SAMPLES_MIN: "3",
  BREAKER_SAMPLES_MAX: "6",
  BREAKER_FAILURE_SHARE: "0.6",
  BREAKER_OPEN_MS: `${BREAKER_OPEN_MS}`,
  FIRST_DELTA_TIMEOUT_MS: "4000",
  DELTA_GAP_TIMEOUT_MS: "2000",
};
const HEALTHY: Play = {
  sends: [{ afterMs: 5, type: "text" }],
  endsAfterMs: 0,
  ends: "finish",
  retryAfterMs: undefined,
};

/** Chosen evenly: whole numbers of any size, of which most are small, would never wait for a second copy or a third attempt. */
const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const afterMs = oneOf(0, 0, 1, 7, 8, 12, 13, 20, 60, 400, 2_000, 2_500, 6_000);
const ends = oneOf<Play["ends"]>(
  "finish",
  "finish",
  "hangs",
  "upstream_unavailable",
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_truncated",
  "upstream_bad_response",
  "upstream_config",
  "content_filtered",
  "context_too_long",
);
const retryAfterMs = oneOf(undefined, undefined, undefined, 0, 500, 3_000);
const send = fc.record({ afterMs, type: oneOf("reasoning" as const, "text" as const) });
const play: fc.Arbitrary<Play> = fc.oneof(
  fc.record({
    sends: fc.array(send, { maxLength: 4, size: "max" }),
    endsAfterMs: afterMs,
    ends,
    retryAfterMs,
  }),
  // An outage: it says nothing, and soon.
  fc.record({
    sends: fc.constant([]),
    endsAfterMs: oneOf(0, 3, 20),
    ends: oneOf<Play["ends"]>("upstream_unavailable", "upstream_rate_limited"),
    retryAfterMs,
  }),
);
const call: fc.Arbitrary<Call> = fc.record({
  gapMs: oneOf(0, 0, 0, 5, 11, 60, 300, 2_000),
  budgetMs: oneOf(0, 1, 30, 500, 3_000, 10_000, 20_000, 20_000),
  cancelsMs: oneOf(undefined, undefined, undefined, 0, 9, 13, 100, 1_000, 6_000),
  readsMax: oneOf(99, 99, 99, 0, 1, 2, 3),
  slowMs: oneOf(0, 0, 0, 1, 50, 2_500),
});

/** A request as it reached a model. */
interface Sent {
  readonly ask: string;
  readonly modelId: string;
  readonly play: Play;
  /** Its caller had heard a word already. */
  readonly isLate: boolean;
}

interface Heard {
  readonly deltas: readonly ChatDelta[];
  readonly told: readonly string[];
  readonly code: string | undefined;
  readonly hasLeft: boolean;
  readonly ms: number;
}

function setUp(plays: readonly (readonly Play[])[]) {
  const clock = createFakeClock();
  const registry = createUpstreamRegistry();
  const deps = { config: parseConfig(ENV), clock, upstreams: registry, random: () => 0.5 };
  const state = { running: 0, isHealthy: true, sent: [] as Sent[], hearing: new Set<string>() };
  const createModel = (id: string, own: readonly Play[]): ChatModel => {
    let played = 0;
    return {
      id,
      stream: (request, signal) => {
        const now = state.isHealthy ? HEALTHY : (own[played++] ?? HEALTHY);
        const ask = request.messages[0]?.content ?? "";
        state.sent.push({ ask, modelId: id, play: now, isLate: state.hearing.has(ask) });
        return playStream(clock, state, { number: state.sent.length - 1, now, signal });
      },
    };
  };
  const [first, ...others] = plays.map((own, index) => createModel(`m${index}`, own));
  const chat = protectChat(first as ChatModel, others, deps);
  return { clock, state, registry, chat };
}

async function* playStream(
  clock: FakeClock,
  state: { running: number },
  { number, now, signal }: { number: number; now: Play; signal: AbortSignal },
): AsyncGenerator<ChatDelta> {
  state.running += 1;
  try {
    for (const [index, { afterMs, type }] of now.sends.entries()) {
      if (afterMs > 0) await sleep(clock, afterMs, signal);
      signal.throwIfAborted();
      if (type === "reasoning") yield { type };
      else yield { type, text: `${number}.${index} ` };
    }
    await sleep(clock, now.ends === "hangs" ? 10_000_000 : now.endsAfterMs, signal);
    if (now.ends === "finish") yield { type: "finish", reason: "stop" };
    else {
      const { retryAfterMs } = now;
      const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
      throw new AppError(now.ends as ErrorCode, hint);
    }
  } finally {
    state.running -= 1;
  }
}

type World = ReturnType<typeof setUp>;

async function listen(
  { clock, state, chat }: World,
  ask: string,
  { signal, readsMax, slowMs }: Pick<Call, "readsMax" | "slowMs"> & { signal: AbortSignal },
): Promise<Heard> {
  const deltas: ChatDelta[] = [];
  const told: string[] = [];
  const startMs = clock.now();
  let code: string | undefined;
  let hasLeft = false;
  const request: ChatRequest = {
    messages: [{ role: "user", content: ask }],
    outputTokensMax: 1,
    temperature: 0,
    onFallback: (id) => void told.push(id),
  };
  try {
    for await (const delta of chat.stream(request, signal)) {
      deltas.push(delta);
      if (delta.type === "text") state.hearing.add(ask);
      if (slowMs > 0) await sleep(clock, slowMs, NEVER);
      hasLeft = deltas.length >= readsMax;
      if (hasLeft) break;
    }
  } catch (thrown) {
    ({ code } = toAppError(thrown));
  }
  return { deltas, told, code, hasLeft, ms: clock.now() - startMs };
}

async function playOut(world: World, calls: readonly Call[]) {
  const { clock, state } = world;
  const all = { readsMax: 99, slowMs: 0 };
  for (let count = 0; count < WARM_UP; count += 1) {
    void listen(world, `warm ${count}`, { ...all, signal: new AbortController().signal });
    await clock.advance(10);
  }
  state.isHealthy = false;
  const signals: AbortSignal[] = [];
  const heard: Promise<Heard>[] = [];
  for (const [index, { gapMs, budgetMs, cancelsMs, ...how }] of calls.entries()) {
    await clock.advance(gapMs);
    const client = new AbortController();
    const deadline = startDeadline({ clock, budgetMs, parent: client.signal });
    const cancelTimer = clock.timer(cancelsMs ?? 100_000, () =>
      client.abort(new AppError("cancelled")),
    );
    signals.push(deadline.signal);
    const end = async (): Promise<Heard> => {
      const what = await listen(world, `${index}`, { ...how, signal: deadline.signal });
      cancelTimer();
      deadline[Symbol.dispose]();
      return what;
    };
    heard.push(end());
  }
  await clock.advance(200_000);
  return { heard: await Promise.all(heard), signals };
}

/** What one caller heard: the beginning of one stream, the whole of it where it ended, and the name of who wrote it. */
function checkHeard({ state }: World, ask: string, { slowMs, ...call }: Call, heard: Heard): void {
  const { deltas, told, code, hasLeft, ms } = heard;
  const mostMs = Math.min(call.budgetMs, call.cancelsMs ?? Number.POSITIVE_INFINITY);
  expect(ms).toBeLessThanOrEqual(mostMs + (deltas.length + 1) * slowMs);
  expect(code).not.toBe("internal");
  const own = state.sent.filter((one) => one.ask === ask);
  expect(own.length).toBeLessThanOrEqual(ATTEMPTS_MAX * COPIES_MAX);
  expect(own.filter(({ isLate }) => isLate)).toEqual([]);
  const texts = deltas.flatMap((delta) => (delta.type === "text" ? [delta.text] : []));
  const writer = texts.length === 0 ? undefined : state.sent[Number(texts[0]?.split(".")[0])];
  const whole = (writer?.play.sends ?? []).flatMap(({ type }, index) =>
    type === "text" ? [`${state.sent.indexOf(writer as Sent)}.${index} `] : [],
  );
  expect(texts).toEqual(whole.slice(0, texts.length));
  const finishes = deltas.filter(({ type }) => type === "finish").length;
  expect(deltas.length).toBe(texts.length + finishes);
  const isOver = code === undefined && !hasLeft;
  expect({ isOver, finishes }).toEqual({ isOver, finishes: isOver ? 1 : Math.min(finishes, 1) });
  const isWhole = deltas.at(-1)?.type === "finish" && texts.length === whole.length;
  expect(finishes === 0 || isWhole).toBe(true);
  if (writer === undefined) return;
  expect([writer.ask, told]).toEqual([ask, writer.modelId === "m0" ? [] : [writer.modelId]]);
}

/** What it cost: calls are those that were asked for, and retries and copies are paid for. */
function checkCost({ state, registry }: World, asks: number): void {
  const all = registry.read().map(({ counts }) => counts);
  expect(all.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(state.sent.length);
  for (const { retries, hedges, hedgeWins, attempts } of all) {
    // A success brings back no more than the dearest retry.
    expect(retries * RETRY_COST).toBeLessThanOrEqual(RETRY_TOKENS + attempts * STALL_COST);
    const earned = CREDIT_MAX + HEDGE_SHARE * (asks + retries) + hedgeWins * (COPIES_MAX - 1);
    expect(hedges).toBeLessThanOrEqual(earned);
  }
}

test("who hears a word hears one stream, and nothing is asked again behind it", async () => {
  const world = fc.record({
    plays: fc.array(fc.array(play, { maxLength: 30, size: "max" }), { minLength: 1, maxLength: 3 }),
    calls: fc.array(call, { minLength: 1, maxLength: 25, size: "max" }),
  });
  await fc.assert(
    fc.asyncProperty(world, async ({ plays, calls }) => {
      const given = setUp(plays);
      const { clock, state } = given;
      const { heard, signals } = await playOut(given, calls);
      for (const [index, one] of heard.entries()) {
        checkHeard(given, `${index}`, calls[index] as Call, one);
      }
      checkCost(given, WARM_UP + calls.length);
      expect([clock.pending, state.running]).toEqual([0, 0]);
      // A deadline hears of its own end, and nobody else does.
      const listeners = signals.map((signal) => getEventListeners(signal, "abort").length);
      expect(listeners).toEqual(signals.map(({ aborted }) => (aborted ? 0 : 1)));
      // Well again: every slot is back, and every breaker tries.
      state.isHealthy = true;
      const { signal } = new AbortController();
      const later = ["x", "y", "z"].map((ask) =>
        listen(given, ask, { signal, readsMax: 99, slowMs: 0 }),
      );
      await clock.advance(1_000);
      await Promise.all(later);
      const last = listen(given, "last", { signal, readsMax: 99, slowMs: 0 });
      await clock.advance(1_000);
      expect((await last).code).toBeUndefined();
      expect([clock.pending, state.running]).toEqual([0, 0]);
    }),
    { numRuns: 60 },
  );
});
