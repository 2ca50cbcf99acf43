/** Attempts at a model call: repeated where that can help and nothing was shown yet. */
import { openLater } from "../async/relay.ts";
import { retry, type RetryOptions } from "../async/retry.ts";
import { continueStream, openStream } from "./chat-head.ts";
import type { ChatModel, Embedder, Reranker } from "./model.ts";

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
    stream: (request, signal) =>
      openLater(async () =>
        continueStream(
          await retry(() => openStream(model.stream(request, signal)), { ...policy, signal }),
        ),
      ),
  };
}
