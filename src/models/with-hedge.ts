/** Hedges the calls that a person waits for: questions to embed, passages to rerank, and answers to begin. */
import { findRemainingMs, follow, lendDeadline } from "../async/deadline.ts";
import type { Hedge } from "../async/hedge.ts";
import { continueStream, type OpenedStream, openStream } from "./chat-head.ts";
import type { ChatModel, Embedder, Reranker } from "./model.ts";

/** Documents are not hedged: nobody waits for a batch, and a second copy of it is dear. */
export function withEmbedderHedge(embedder: Embedder, hedge: Hedge): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      kind === "query"
        ? hedge((own) => embedder.embed(texts, kind, own), signal)
        : embedder.embed(texts, kind, signal),
  };
}

export function withRerankerHedge(reranker: Reranker, hedge: Hedge): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      hedge((own) => reranker.score(question, texts, own), signal),
  };
}

/** Hedges the time until the first text. The stream that comes later is closed, the other one goes on. */
export function withChatHedge(model: ChatModel, hedge: Hedge): ChatModel {
  return {
    ...model,
    async *stream(request, signal) {
      const { opened, unlink } = await hedge(
        async (own) => {
          const child = new AbortController();
          lendDeadline(child.signal, () => findRemainingMs(signal));
          // The stream outlives the hedge, so it follows the caller's signal; until it is open, the hedge's too.
          const unlink = follow(signal, child);
          const unlinkOwn = follow(own, child);
          try {
            return { opened: await openStream(model.stream(request, child.signal)), unlink };
          } catch (thrown) {
            unlink();
            throw thrown;
          } finally {
            unlinkOwn();
          }
        },
        signal,
        closeLate,
      );
      try {
        yield* continueStream(opened);
      } finally {
        unlink();
      }
    },
  };
}

async function closeLate(late: {
  readonly opened: OpenedStream;
  readonly unlink: () => void;
}): Promise<void> {
  late.unlink();
  await late.opened.rest.return?.();
}
