/** Every setting of the call policies is heeded: each is set, alone, to something that the default would not show. */
import { describe, expect, test } from "vitest";
import { NEVER } from "../../src/async/never.ts";
import { sleep } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, type ErrorCode, toAppError } from "../../src/errors.ts";
import type { ChatModel, EmbedKind, Embedder, Reranker } from "../../src/models/model.ts";
import { protectChat, protectEmbedder, protectReranker } from "../../src/models/protect.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const KINDS = ["chat", "embed", "rerank"] as const;
type Kind = (typeof KINDS)[number];
type Env = Readonly<Record<string, string>>;

/** How the upstream takes its calls, one after the other; the last stands for all that follow. */
interface Play {
  readonly takesMs: number;
  readonly code?: ErrorCode;
}
const HEALTHY: Play = { takesMs: 10 };
const FAILING: Play = { takesMs: 0, code: "upstream_unavailable" };
const SILENT: Play = { takesMs: 1_000_000 };
/** Some fifty tokens. */
const TEXT = "a text of ten words that is repeated a few times ".repeat(5);

function setUp(kind: Kind, env: Env, plays: readonly Play[] = [HEALTHY]) {
  const clock = createFakeClock();
  const beginMs = clock.now();
  const upstreams = createUpstreamRegistry();
  const deps = { config: parseConfig(env), clock, upstreams, random: () => 0.5 };
  const state = { startsMs: [] as number[], running: 0, most: 0 };
  const serve = async (signal: AbortSignal): Promise<void> => {
    const { takesMs, code } = plays[state.startsMs.length] ?? plays.at(-1) ?? HEALTHY;
    state.startsMs.push(clock.now() - beginMs);
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    try {
      await sleep(clock, takesMs, signal);
    } finally {
      state.running -= 1;
    }
    if (code !== undefined) throw new AppError(code);
  };
  const send = toCall(kind, serve, deps);
  /** The code it ends with; undefined: it is answered. */
  const call = (text = `${state.startsMs.length} ${TEXT}`, of: EmbedKind = "query") =>
    send(text, of).then(
      () => undefined,
      (thrown: unknown) => toAppError(thrown).code,
    );
  /** So many calls at the same moment. */
  const together = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => call(`${index} ${TEXT}`)));
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    await clock.advance(600_000);
    return work;
  };
  const breaker = () => upstreams.read()[0]?.breaker;
  return { clock, state, call, together, finish, breaker };
}

type Send = (text: string, of: EmbedKind) => Promise<unknown>;

function toCall(
  kind: Kind,
  serve: (signal: AbortSignal) => Promise<void>,
  deps: Parameters<typeof protectChat>[2],
): Send {
  const batchMax = 8;
  const fusionWeight = 0.5;
  if (kind === "embed") {
    const embed: Embedder["embed"] = async (texts, _kind, signal) => {
      await serve(signal);
      return texts.map(() => Float32Array.of(1));
    };
    const embedder = protectEmbedder({ id: "m", batchMax, fusionWeight, embed }, deps);
    return (text, of) => embedder.embed([text], of, NEVER);
  }
  if (kind === "rerank") {
    const score: Reranker["score"] = (_question, _texts, signal) => serve(signal).then(() => [1]);
    const reranker = protectReranker({ id: "m", score }, deps);
    return (text) => reranker.score("why?", [text], NEVER);
  }
  const plain: ChatModel = {
    id: "m",
    async *stream(_request, signal) {
      await serve(signal);
      yield { type: "text", text: "so it is" };
      yield { type: "finish", reason: "stop" };
    },
  };
  const chat = protectChat(plain, [], deps);
  return async (content) => {
    const messages = [{ role: "user", content } as const];
    const request = { messages, outputTokensMax: 1, temperature: 0 };
    for await (const delta of chat.stream(request, NEVER)) if (delta.type === "finish") return;
  };
}

/** The rate of a chat model may not be less than one answer. */
const SMALL = { CONTEXT_TOKENS_MAX: "1", OUTPUT_TOKENS_MAX: "1" };
/** One attempt, and no copy of it. */
const ONCE = { ATTEMPTS_MAX: "1", HEDGE_SHARE_MAX: "0" };

describe.each(KINDS)("%s", (kind) => {
  const name = kind.toUpperCase();

  test(`${name}_CONCURRENCY_MAX`, async () => {
    const { together, finish, state } = setUp(kind, { [`${name}_CONCURRENCY_MAX`]: "2" });
    await finish(together(5));
    expect([state.most, state.startsMs.length]).toEqual([2, 5]);
  });

  test("UPSTREAM_QUEUE_MAX", async () => {
    const env = { [`${name}_CONCURRENCY_MAX`]: "1", UPSTREAM_QUEUE_MAX: "1", ...ONCE };
    const { together, finish } = setUp(kind, env);
    expect(await finish(together(3))).toEqual([undefined, undefined, "overloaded"]);
  });

  test(`${name}_REQUESTS_PER_MINUTE_MAX`, async () => {
    const { together, finish, state } = setUp(kind, { [`${name}_REQUESTS_PER_MINUTE_MAX`]: "2" });
    await finish(together(3));
    expect(state.startsMs).toEqual([0, 0, 60_000]);
  });

  test(`${name}_TOKENS_PER_MINUTE_MAX`, async () => {
    const { together, finish, state } = setUp(kind, {
      [`${name}_TOKENS_PER_MINUTE_MAX`]: "90",
      ...SMALL,
    });
    await finish(together(2));
    expect(state.startsMs).toEqual([0, 60_000]);
  });

  test("ATTEMPTS_MAX, BACKOFF_MS and BACKOFF_MS_MAX", async () => {
    const env = { ATTEMPTS_MAX: "5", BACKOFF_MS: "10", BACKOFF_MS_MAX: "50", HEDGE_SHARE_MAX: "0" };
    const { call, finish, state } = setUp(kind, env, [FAILING]);
    await finish(call());
    expect(state.startsMs).toEqual([0, 10, 30, 55, 80]);
  });

  test("RETRY_TOKENS_MAX and RETRY_COST", async () => {
    const env = { RETRY_TOKENS_MAX: "20", RETRY_COST: "7", HEDGE_SHARE_MAX: "0" };
    const { call, finish, state } = setUp(kind, env, [FAILING]);
    await finish(call());
    expect(state.startsMs).toHaveLength(3);
  });

  test("RETRY_STALL_COST", async () => {
    const env = { RETRY_TOKENS_MAX: "20", RETRY_STALL_COST: "20", HEDGE_SHARE_MAX: "0" };
    const { call, finish, state } = setUp(kind, env, [SILENT]);
    await finish(call());
    await finish(call());
    expect(state.startsMs).toHaveLength(3);
  });

  /** How the breaker stands behind each of these calls, one every `gapMs`. */
  const follow = async (env: Env, plays: readonly Play[], gapMs: number) => {
    const { call, clock, breaker } = setUp(kind, { ...ONCE, ...env }, plays);
    const states: unknown[] = [];
    for (const _ of plays) {
      await Promise.all([call(), clock.advance(gapMs)]);
      states.push(breaker());
    }
    return states;
  };

  test("BREAKER_SAMPLES_MIN", async () => {
    const states = await follow({ BREAKER_SAMPLES_MIN: "2" }, [FAILING, FAILING], 20);
    expect(states).toEqual(["closed", "open"]);
  });

  test("BREAKER_FAILURE_SHARE", async () => {
    const env = { BREAKER_SAMPLES_MIN: "2", BREAKER_FAILURE_SHARE: "0.5" };
    expect(await follow(env, [HEALTHY, FAILING], 20)).toEqual(["closed", "open"]);
  });

  test("BREAKER_SAMPLES_MAX", async () => {
    const env = { BREAKER_SAMPLES_MIN: "2", BREAKER_SAMPLES_MAX: "2" };
    const states = await follow(env, [HEALTHY, FAILING, FAILING], 20);
    expect(states).toEqual(["closed", "closed", "open"]);
  });

  test("BREAKER_WINDOW_MS", async () => {
    const env = { BREAKER_SAMPLES_MIN: "2", BREAKER_WINDOW_MS: "1000" };
    expect(await follow(env, [FAILING, FAILING], 1_001)).toEqual(["closed", "closed"]);
  });

  test("BREAKER_OPEN_MS", async () => {
    const env = { BREAKER_SAMPLES_MIN: "1", BREAKER_OPEN_MS: "100", ...ONCE };
    const { call, clock, state } = setUp(kind, env, [FAILING, HEALTHY]);
    const later = (ms: number) => Promise.all([call(), clock.advance(ms)]).then(([code]) => code);
    expect([await later(20), await later(80)]).toEqual(Array(2).fill("upstream_unavailable"));
    expect([await later(20), state.startsMs.length]).toEqual([undefined, 2]);
  });
});

test.each<[kind: Kind, setting: string, of?: EmbedKind]>([
  ["embed", "EMBED_ATTEMPT_TIMEOUT_MS"],
  ["embed", "INGEST_EMBED_TIMEOUT_MS", "document"],
  ["rerank", "RERANK_ATTEMPT_TIMEOUT_MS"],
  ["chat", "FIRST_DELTA_TIMEOUT_MS"],
])("%s: %s", async (kind, setting, of) => {
  const { call, clock } = setUp(kind, { [setting]: "30", ...ONCE }, [SILENT]);
  const [code] = await Promise.all([call(TEXT, of), clock.advance(30)]);
  expect(code).toBe("upstream_stalled");
});

test.each([
  ["EMBED_CACHE_ENTRIES_MAX", "1"],
  ["EMBED_CACHE_BYTES_MAX", "1024"],
])("%s: the question before is kept, and the one before that is not", async (setting, value) => {
  const { call, finish, state } = setUp("embed", { [setting]: value });
  for (const text of ["a", "a", "b", "a"]) await finish(call(text.repeat(400)));
  expect(state.startsMs).toHaveLength(3);
});
