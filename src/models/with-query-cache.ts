/** Questions that were embedded before, or are being embedded now, cost no call. Documents pass by. */
import type { Lru } from "../async/lru.ts";
import type { SingleFlight } from "../async/single-flight.ts";
import { type Count, countNothing } from "../async/upstream-stats.ts";
import type { Embedder } from "./model.ts";

type Vectors = Awaited<ReturnType<Embedder["embed"]>>;

/** Keeps the vectors of questions, by embedder, kind and text. Texts without a vector are not kept. */
export function withQueryCache(
  embedder: Embedder,
  cache: Lru<Float32Array>,
  count: Count = countNothing,
): Embedder {
  return {
    ...embedder,
    async embed(texts, kind, signal) {
      if (kind !== "query") return embedder.embed(texts, kind, signal);
      const toKey = (text: string): string => JSON.stringify([embedder.id, kind, text]);
      const found = new Map(texts.map((text) => [text, cache.get(toKey(text))]));
      const missing = [...found].flatMap(([text, vector]) => (vector === undefined ? [text] : []));
      count("cacheHits", found.size - missing.length);
      count("cacheMisses", missing.length);
      if (missing.length > 0) {
        const vectors = await embedder.embed(missing, kind, signal);
        for (const [index, text] of missing.entries()) {
          const vector = vectors[index];
          found.set(text, vector);
          if (vector !== undefined) cache.set(toKey(text), vector, vector.byteLength);
        }
      }
      // Copies: what a caller does to its vector must not reach the next one.
      return texts.map((text) => found.get(text)?.slice());
    },
  };
}

/** Identical questions in flight are one call. */
export function withEmbedderSingleFlight(
  embedder: Embedder,
  flight: SingleFlight<Vectors>,
): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      kind === "query"
        ? flight(
            JSON.stringify([embedder.id, kind, texts]),
            (own) => embedder.embed(texts, kind, own),
            signal,
          )
        : embedder.embed(texts, kind, signal),
  };
}
