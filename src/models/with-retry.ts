/** Attempts at a model call: repeated where that can help and nothing was shown yet. */
import { retry, type RetryOptions } from "../async/retry.ts";
import type { ChatDelta, ChatModel, Embedder, Reranker } from "./model.ts";

/** See RetryOptions; the signal is the call's own. */
export type RetryPolicy = Omit<RetryOptions, "signal">;

export function withEmbedderRetry(embedder: Embedder, policy: RetryPolicy): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      retry(() => embedder.embed(texts, kind, signal), { ...policy, signal }),
  };
}

export function withRerankerRetry(reranker: Reranker, policy: RetryPolicy): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      retry(() => reranker.score(question, texts, signal), { ...policy, signal }),
  };
}

/**
 * Starts the stream again as long as it has not yielded any text; from the first text on, what was
 * shown stands and a failure is a failure. Drops the signs of life that are not text.
 */
export function withChatRetry(model: ChatModel, policy: RetryPolicy): ChatModel {
  return {
    ...model,
    async *stream(request, signal) {
      const { head, rest } = await retry(() => readHead(model.stream(request, signal)), {
        ...policy,
        signal,
      });
      try {
        yield* head;
        for (;;) {
          const { value, done } = await rest.next();
          if (done === true) return;
          if (value.type !== "reasoning") yield value;
        }
      } finally {
        await rest.return?.();
      }
    },
  };
}

/** Everything up to the first text or the end, and what is left of the stream. */
async function readHead(
  stream: AsyncIterable<ChatDelta>,
): Promise<{ head: readonly ChatDelta[]; rest: AsyncIterator<ChatDelta, undefined> }> {
  const rest = stream[Symbol.asyncIterator]() as AsyncIterator<ChatDelta, undefined>;
  const head: ChatDelta[] = [];
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return { head, rest };
    if (value.type !== "reasoning") head.push(value);
    if (value.type === "text") return { head, rest };
  }
}
