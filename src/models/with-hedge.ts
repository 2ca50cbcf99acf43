/** Hedges the calls that a person waits for: questions to embed and passages to rerank. */
import type { Hedge } from "../async/hedge.ts";
import type { Embedder, Reranker } from "./model.ts";

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
