import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  body,
  embeddings,
  filled,
  hang,
  PING_FRAME,
  refusal,
  repeat,
  type Reply,
  reset,
  stream,
} from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import type { Clock } from "../../src/async/clock.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { type AppError, toAppError } from "../../src/errors.ts";
import type { ChatModel } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { createOpenAiEmbedder } from "../../src/models/openai-embedder.ts";
import { createRemoteReranker } from "../../src/models/rerank.ts";
import {
  type RetryPolicy,
  withChatRetry,
  withEmbedderRetry,
  withRerankerRetry,
} from "../../src/models/with-retry.ts";
import {
  withChatTimeLimit,
  withEmbedderTimeLimit,
  withRerankerTimeLimit,
} from "../../src/models/with-time-limit.ts";
import { createFakeClock } from "../support/fake-clock.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (): AbortSignal => new AbortController().signal;
const LIMIT_MS = 1_000;
const REQUEST = { messages: [], outputTokensMax: 10, temperature: 0 };

const vector = embeddings([[1, 0]]);
const hi = chunk({ content: "hi" });
const stop = chunk({}, "stop");
const answer = stream([hi, stop]);

/** Time stands still but for what a test lets pass, so that no answer is ever too late by accident. */
function createCall() {
  const clock = createFakeClock();
  // Without jitter a retry waits for nothing but what it was asked to.
  const policy: RetryPolicy = { attemptsMax: 3, clock, random: () => 0 };
  const before = server.requests.length;
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await clock.advance(0);
  };
  return {
    clock,
    policy,
    client: createOpenAiClient({ apiKey: "k", baseUrl: server.url }),
    until,
    /** Waits until the n-th request of this call is there. */
    arrived: (count: number) => until(() => server.requests.length >= before + count),
    /** The result, and for each request whether the client broke it off. */
    async finish<T>(result: Promise<T>): Promise<{ result: T; left: readonly boolean[] }> {
      let settled = false;
      void result.finally(() => (settled = true));
      await until(() => settled);
      const requests = server.requests.slice(before);
      expect(clock.pending).toBe(0);
      return { result: await result, left: await Promise.all(requests.map(({ left }) => left)) };
    },
  };
}

type Call = ReturnType<typeof createCall> & { readonly onDelta?: () => void };

/** The dimension of the vector, or the error. */
function embed({ client, policy }: Call, signal = open()): Promise<number | undefined | AppError> {
  const attemptTimeoutMs = { query: LIMIT_MS, document: 100 * LIMIT_MS };
  const plain = createOpenAiEmbedder({ client, model: "m" });
  const limited = withEmbedderTimeLimit(plain, { clock: policy.clock, attemptTimeoutMs });
  return withEmbedderRetry(limited, policy)
    .embed(["private"], "query", signal)
    .then(([first]) => first?.length, toAppError);
}

interface Answer {
  text: string;
  error: AppError | undefined;
}

function createChat({ client, policy, onDelta }: Call): ChatModel {
  const { clock } = policy;
  const plain = createOpenAiChat({ client, model: "m", clock });
  const watched: ChatModel = {
    ...plain,
    async *stream(request, signal) {
      for await (const delta of plain.stream(request, signal)) {
        onDelta?.();
        yield delta;
      }
    },
  };
  const limited = withChatTimeLimit(watched, {
    clock,
    firstDeltaTimeoutMs: LIMIT_MS,
    deltaGapTimeoutMs: LIMIT_MS / 2,
  });
  return withChatRetry(limited, policy);
}

/** The text, growing as it comes, and in the end the error. */
function ask(call: Call, signal = open()): { answer: Answer; asking: Promise<Answer> } {
  const answer: Answer = { text: "", error: undefined };
  const run = async (): Promise<Answer> => {
    try {
      for await (const delta of createChat(call).stream(REQUEST, signal)) {
        answer.text += delta.type === "text" ? delta.text : ` ${delta.type}`;
      }
    } catch (thrown) {
      answer.error = toAppError(thrown);
    }
    return answer;
  };
  return { answer, asking: run() };
}

describe("an embedder with retries", () => {
  const mended: readonly (readonly [string, readonly Reply[]])[] = [
    ["an outage", [refusal(503), refusal(500), vector]],
    ["a reset", [reset, vector]],
    ["nonsense once", [body("{"), vector]],
    ["a missing vector once", [body({ data: [] }), vector]],
  ];
  test.each(mended)("mends %s", async (_, replies) => {
    server.script(...replies);
    const call = createCall();
    const { result, left } = await call.finish(embed(call));
    expect(result).toBe(2);
    expect(left).toHaveLength(replies.length);
  });

  const lasting: readonly (readonly [string, Reply, number, string])[] = [
    ["an outage that lasts", refusal(503), 3, "upstream_unavailable"],
    ["a rate limit that lasts", refusal(429), 3, "upstream_rate_limited"],
    ["nonsense that lasts", body("{"), 2, "upstream_bad_response"],
    ["a wrong key", refusal(401), 1, "upstream_config"],
    ["no quota", refusal(429, { code: "insufficient_quota" }), 1, "upstream_config"],
    ["zeros", embeddings([[0, 0]]), 1, "embedding_invalid"],
    ["a text that is too long", refusal(413), 1, "context_too_long"],
  ];
  test.each(lasting)("of %s makes %i requests", async (_, reply, requests, code) => {
    server.script(reply);
    const call = createCall();
    const { result, left } = await call.finish(embed(call));
    expect(result).toMatchObject({ code });
    expect(left).toHaveLength(requests);
  });

  const stalls: readonly (readonly [string, Reply])[] = [
    ["never answers", hang],
    [
      "stalls within its answer",
      (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"data": [');
      },
    ],
  ];
  test.each(stalls)("leaves an endpoint that %s, and tries again", async (_, reply) => {
    server.script(reply, vector);
    const call = createCall();
    const result = embed(call);
    await call.arrived(1);
    await call.clock.advance(LIMIT_MS);
    expect(await call.finish(result)).toEqual({ result: 2, left: [true, false] });
  });

  test("calls it a stall when every attempt took too long", async () => {
    server.script(hang);
    const call = createCall();
    const result = embed(call);
    for (const attempt of [1, 2, 3]) {
      await call.arrived(attempt);
      await call.clock.advance(LIMIT_MS);
    }
    const { result: error, left } = await call.finish(result);
    expect(error).toMatchObject({ code: "upstream_stalled" });
    expect((error as AppError).detail).toContain(`${LIMIT_MS} ms`);
    expect(left).toEqual([true, true, true]);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["in seconds", { "retry-after": "30" }],
    ["in milliseconds", { "retry-after-ms": "30000", "retry-after": "99" }],
    [
      "as a date",
      {
        date: "Sun, 01 Nov 2026 10:00:00 GMT",
        "retry-after": "Sun, 01 Nov 2026 10:00:30 GMT",
      },
    ],
  ])("waits as long as it was asked to, %s", async (_, headers) => {
    server.script(refusal(429, {}, headers), vector);
    const call = createCall();
    const waitsMs: number[] = [];
    const clock: Clock = {
      now: () => call.clock.now(),
      timer(ms, fire) {
        waitsMs.push(ms);
        return call.clock.timer(ms, fire);
      },
    };
    const result = embed({ ...call, policy: { ...call.policy, clock } });
    await call.until(() => waitsMs.includes(30_000));
    await call.clock.advance(29_999);
    const early = server.requests.length;
    await call.clock.advance(1);
    await call.arrived(2);
    expect(server.requests).toHaveLength(early + 1);
    expect((await call.finish(result)).result).toBe(2);
  });

  test("ends with the run's own deadline when that comes first", async () => {
    server.script(hang);
    const call = createCall();
    using deadline = startDeadline({ clock: call.clock, budgetMs: LIMIT_MS / 2, stage: "embed" });
    const result = embed(call, deadline.signal);
    await call.arrived(1);
    await call.clock.advance(LIMIT_MS / 2);
    expect(await call.finish(result)).toMatchObject({
      result: { code: "deadline_exceeded", stage: "embed" },
      left: [true],
    });
  });

  test("does not wait for what lies beyond the deadline", async () => {
    server.script(refusal(429, {}, { "retry-after": "60" }));
    const call = createCall();
    const deadline = startDeadline({ clock: call.clock, budgetMs: 10 * LIMIT_MS });
    const result = embed(call, deadline.signal).finally(() => deadline[Symbol.dispose]());
    expect(await call.finish(result)).toMatchObject({
      result: { code: "upstream_rate_limited", retryAfterMs: 60_000 },
      left: [false],
    });
  });
});

describe("a chat model with retries", () => {
  const mended: readonly (readonly [string, readonly Reply[]])[] = [
    ["an outage", [refusal(529), answer]],
    [
      "a stream that broke off before any text",
      [stream([chunk({ role: "assistant" })], "clean"), answer],
    ],
    ["an error before any text", [stream([{ error: { code: 503 } }]), answer]],
    ["a stop without a word", [stream([stop]), answer]],
  ];
  test.each(mended)("mends %s", async (_, replies) => {
    server.script(...replies);
    const call = createCall();
    const { result, left } = await call.finish(ask(call).asking);
    expect(result).toEqual({ text: "hi finish", error: undefined });
    expect(left).toHaveLength(replies.length);
  });

  const lost: readonly (readonly [string, Reply, string])[] = [
    ["a stream that broke off", stream([hi], "clean"), "upstream_truncated"],
    ["a reset", stream([hi], "reset"), "upstream_truncated"],
    ["an error", stream([hi, { error: { code: 503 } }]), "upstream_unavailable"],
    ["a content filter", stream([hi, chunk({}, "content_filter")]), "content_filtered"],
  ];
  test.each(lost)("never starts again after text was shown: %s", async (_, reply, code) => {
    server.script(reply, answer);
    const call = createCall();
    const { result, left } = await call.finish(ask(call).asking);
    expect(result).toMatchObject({ text: "hi", error: { code } });
    expect(left).toHaveLength(1);
  });

  const silent: readonly (readonly [string, Reply])[] = [
    ["never answers", hang],
    ["sends only comments", filled([], repeat(PING_FRAME, 5))],
    ["sends only chunks without text", stream([chunk({ role: "assistant" })], "hang")],
  ];
  test.each(silent)("leaves an endpoint that %s, and tries again", async (_, reply) => {
    server.script(reply, answer);
    const call = createCall();
    const { asking } = ask(call);
    await call.arrived(1);
    await call.clock.advance(LIMIT_MS);
    expect(await call.finish(asking)).toEqual({
      result: { text: "hi finish", error: undefined },
      left: [true, false],
    });
  });

  test("reports a silence after text, and closes the connection", async () => {
    server.script(stream([hi], "hang"), answer);
    const call = createCall();
    const { answer: shown, asking } = ask(call);
    await call.until(() => shown.text !== "");
    await call.clock.advance(LIMIT_MS / 2);
    expect(await call.finish(asking)).toMatchObject({
      result: { text: "hi", error: { code: "upstream_stalled" } },
      left: [true],
    });
  });

  test.each<[string, Reply]>([
    ["comments", filled([hi], repeat(PING_FRAME, 5))],
    ["blank deltas", filled([hi], repeat(chunk({ role: "assistant" }), 5))],
  ])("comments and blank deltas are silence after text, too: %s", async (_, reply) => {
    server.script(reply, answer);
    const call = createCall();
    const { answer: shown, asking } = ask(call);
    await call.until(() => shown.text !== "");
    await call.clock.advance(LIMIT_MS / 2);
    expect(await call.finish(asking)).toMatchObject({
      result: { text: "hi", error: { code: "upstream_stalled" } },
      left: [true],
    });
  });

  test("thinking is not silence, and is not text", async () => {
    const thought = `data: ${JSON.stringify(chunk({ reasoning_content: "hmm" }))}\n\n`;
    const call = createCall();
    let thoughts = 0;
    server.script(async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let count = 1; count <= 6; count += 1) {
        response.write(thought);
        await call.until(() => thoughts === count);
        await call.clock.advance(LIMIT_MS / 4);
      }
      response.end(`data: ${JSON.stringify(hi)}\n\ndata: ${JSON.stringify(stop)}\n\n`);
    });
    const { asking } = ask({ ...call, onDelta: () => (thoughts += 1) });
    const { result, left } = await call.finish(asking);
    expect(result).toEqual({ text: "hi finish", error: undefined });
    expect(left).toEqual([false]);
  });

  test("takes a silence behind the finish reason for the end, and closes the connection", async () => {
    server.script(stream([hi, stop], "hang"));
    const call = createCall();
    const { answer: shown, asking } = ask(call);
    await call.until(() => shown.text !== "");
    await call.clock.advance(LIMIT_MS / 2);
    expect(await call.finish(asking)).toEqual({
      result: { text: "hi finish", error: undefined },
      left: [true],
    });
  });

  test("but not for the end when the run's own deadline passes in it", async () => {
    server.script(stream([hi, stop], "hang"));
    const call = createCall();
    using deadline = startDeadline({ clock: call.clock, budgetMs: LIMIT_MS / 4, stage: "answer" });
    const { answer: shown, asking } = ask(call, deadline.signal);
    await call.until(() => shown.text !== "");
    await call.clock.advance(LIMIT_MS / 4);
    expect(await call.finish(asking)).toMatchObject({
      result: { text: "hi", error: { code: "deadline_exceeded" } },
      left: [true],
    });
  });

  test("ends with the run's own deadline, in the stream too", async () => {
    server.script(stream([hi], "hang"));
    const call = createCall();
    using deadline = startDeadline({ clock: call.clock, budgetMs: LIMIT_MS / 4, stage: "answer" });
    const { answer: shown, asking } = ask(call, deadline.signal);
    await call.until(() => shown.text !== "");
    await call.clock.advance(LIMIT_MS / 4);
    expect(await call.finish(asking)).toMatchObject({
      result: { text: "hi", error: { code: "deadline_exceeded", stage: "answer" } },
      left: [true],
    });
  });

  test("closes the connection when the consumer leaves", async () => {
    server.script(stream([hi], "hang"));
    const call = createCall();
    const leave = async (): Promise<void> => {
      for await (const _ of createChat(call).stream(REQUEST, open())) break;
    };
    expect((await call.finish(leave())).left).toEqual([true]);
  });
});

test("a reranker with retries mends an outage and leaves what takes too long", async () => {
  server.script(refusal(503), hang, body([{ index: 0, score: 0.5 }]));
  const call = createCall();
  const plain = createRemoteReranker({ url: `${server.url}/rerank` });
  const { clock } = call;
  const limited = withRerankerTimeLimit(plain, { clock, attemptTimeoutMs: LIMIT_MS });
  const reranker = withRerankerRetry(limited, call.policy);
  const result = reranker.score("q", ["a"], open());
  await call.arrived(2);
  await call.clock.advance(LIMIT_MS);
  expect(await call.finish(result)).toEqual({ result: [0.5], left: [false, true, false] });
});
