/** Bounds how many calls of a model run at once; the others wait in the limiter's queue. */
import type { Limiter } from "../async/limiter.ts";
import type { ChatModel, Embedder, Reranker } from "./model.ts";

export function withEmbedderLimit(embedder: Embedder, limit: Limiter): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) => limit(() => embedder.embed(texts, kind, signal), signal),
  };
}

export function withRerankerLimit(reranker: Reranker, limit: Limiter): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      limit(() => reranker.score(question, texts, signal), signal),
  };
}

/** A stream holds its slot until it ends or its consumer leaves. */
export function withChatLimit(model: ChatModel, limit: Limiter): ChatModel {
  return {
    ...model,
    async *stream(request, signal) {
      const ended = Promise.withResolvers<void>();
      const started = Promise.withResolvers<void>();
      const held = limit(() => {
        started.resolve();
        return ended.promise;
      }, signal);
      held.catch(started.reject);
      await started.promise;
      try {
        yield* model.stream(request, signal);
      } finally {
        ended.resolve();
        await held;
      }
    },
  };
}
