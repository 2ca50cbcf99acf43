import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { createBreaker } from "../../src/async/breaker.ts";
import { createGate, type Gate } from "../../src/async/gate.ts";
import { createLimiter, type LimiterOptions } from "../../src/async/limiter.ts";
import { AppError } from "../../src/errors.ts";
import type { ChatDelta, ChatModel, Embedder } from "../../src/models/model.ts";
import { withChatGate, withEmbedderGate, withRerankerGate } from "../../src/models/with-gate.ts";
import { estimateTokens } from "../../src/text/tokens.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

const open = (): AbortSignal => new AbortController().signal;
const REQUEST = { messages: [], outputTokensMax: 10, temperature: 0 };

/** A gate that only limits: its breaker would need a hundred failures. */
function gateOf(options: LimiterOptions): Gate {
  const clock = createFakeClock();
  const breaker = createBreaker({
    clock,
    source: "s",
    failureShare: 1,
    samplesMin: 100,
    samplesMax: 100,
    windowMs: 1,
    openMs: 1,
  });
  return createGate({ clock, breaker, limit: createLimiter(options) });
}

/** Streams that stand still after their first word until told. */
function createChat() {
  const state = { open: 0, go: [] as (() => void)[] };
  const chat: ChatModel = {
    id: "chat",
    async *stream(): AsyncGenerator<ChatDelta> {
      state.open += 1;
      try {
        yield { type: "text", text: "hi" };
        await new Promise<void>((resolve) => state.go.push(resolve));
        yield { type: "finish", reason: "stop" };
      } finally {
        state.open -= 1;
      }
    },
  };
  return { state, chat };
}

async function drain(stream: AsyncIterable<ChatDelta>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count += 1;
  return count;
}

describe("withChatGate", () => {
  test("holds a slot until the stream has ended", async () => {
    const { state, chat } = createChat();
    const limited = withChatGate(chat, gateOf({ concurrencyMax: 1, queueMax: 5 }));
    expect(limited.id).toBe("chat");
    const first = drain(limited.stream(REQUEST, open()));
    const second = drain(limited.stream(REQUEST, open()));
    await settle();
    expect(state.open).toBe(1);
    state.go[0]?.();
    expect(await first).toBe(2);
    await settle();
    expect(state.open).toBe(1);
    state.go[1]?.();
    expect(await second).toBe(2);
  });

  test("frees the slot when the consumer leaves", async () => {
    const { state, chat } = createChat();
    const limited = withChatGate(chat, gateOf({ concurrencyMax: 1, queueMax: 0 }));
    for await (const _ of limited.stream(REQUEST, open())) break;
    expect(state.open).toBe(0);
    for await (const delta of limited.stream(REQUEST, open())) {
      expect(delta).toEqual({ type: "text", text: "hi" });
      break;
    }
  });

  test("frees the slot when the stream fails", async () => {
    const limit = gateOf({ concurrencyMax: 1, queueMax: 0 });
    const failing: ChatModel = {
      id: "chat",
      stream: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new AppError("upstream_unavailable")),
        }),
      }),
    };
    for (let count = 0; count < 3; count += 1) {
      await expect(
        drain(withChatGate(failing, limit).stream(REQUEST, open())),
      ).rejects.toMatchObject({
        code: "upstream_unavailable",
      });
    }
  });

  test("refuses at once what does not fit in the queue, and leaves it when the signal aborts", async () => {
    const { state, chat } = createChat();
    const limited = withChatGate(chat, gateOf({ concurrencyMax: 1, queueMax: 1 }));
    const first = drain(limited.stream(REQUEST, open()));
    await settle();
    const controller = new AbortController();
    const second = drain(limited.stream(REQUEST, controller.signal));
    await expect(drain(limited.stream(REQUEST, open()))).rejects.toMatchObject({
      code: "overloaded",
    });
    controller.abort(new AppError("cancelled"));
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    state.go[0]?.();
    expect(await first).toBe(2);
  });
});

test("a call's tokens are those that its endpoint counts: the question once with every text, the answer as long as it may be", async () => {
  const counted: number[] = [];
  const gate: Gate = (work, { tokens }) => {
    counted.push(tokens());
    return work(() => undefined);
  };
  const [question, one, other] = ["why do they wait so long?", "they are many", "so it is"];
  const embed: Embedder["embed"] = async () => [];
  const embedder = withEmbedderGate({ id: "e", batchMax: 7, fusionWeight: 0.3, embed }, gate);
  await embedder.embed([one, other], "query", open());
  await withRerankerGate({ id: "r", score: async () => [1, 1] }, gate).score(
    question,
    [one, other],
    open(),
  );
  const { chat, state } = createChat();
  const messages = [{ role: "user", content: question } as const];
  const reading = drain(withChatGate(chat, gate).stream({ ...REQUEST, messages }, open()));
  await settle();
  state.go[0]?.();
  await reading;
  const [asked, texts] = [estimateTokens(question), estimateTokens(one) + estimateTokens(other)];
  expect(counted).toEqual([texts, texts + 2 * asked, asked + REQUEST.outputTokensMax]);
});

test("embedders and rerankers share a limiter and keep all else they were", async () => {
  let running = 0;
  let runningMax = 0;
  const work = async <T>(result: T): Promise<T> => {
    runningMax = Math.max(runningMax, ++running);
    await settle();
    running -= 1;
    return result;
  };
  const limit = gateOf({ concurrencyMax: 2, queueMax: 100 });
  const plain: Embedder = {
    id: "e",
    dimensions: 1,
    batchMax: 7,
    fusionWeight: 0.3,
    embed: (texts) => work(texts.map(() => Float32Array.of(1))),
  };
  const embedder = withEmbedderGate(plain, limit);
  const reranker = withRerankerGate({ id: "r", score: () => work([1]) }, limit);
  expect({ ...embedder, embed: undefined }).toEqual({ ...plain, embed: undefined });
  await Promise.all([
    ...Array.from({ length: 5 }, () => embedder.embed(["a"], "query", open())),
    ...Array.from({ length: 5 }, () => reranker.score("q", ["a"], open())),
  ]);
  expect(runningMax).toBe(2);
});
