/** Exact search over arrays: cosine, and BM25 with the weights a query brings. */
import type { Hit } from "../domain/hit.ts";
import { dot } from "../text/dot.ts";
import { B, K1 } from "../text/idf.ts";
import { toContent } from "../domain/chunk.ts";
import type { CollectionSpec } from "../domain/collection.ts";
import type { ChunkWrite, WeightedTerm } from "./store.ts";

export interface MemoryIndex {
  /** Distinct terms of a text in first-occurrence order. */
  analyse(text: string): readonly string[];
  /** Chunks that hold the term. */
  frequency(term: string): number;
  vector(query: Float32Array, keep: (row: number) => boolean): Hit[];
  keyword(terms: readonly WeightedTerm[], keep: (row: number) => boolean): Hit[];
}

/** Builds the index of one version of a collection. */
export function createMemoryIndex(spec: CollectionSpec, rows: readonly ChunkWrite[]): MemoryIndex {
  const split = createSplitter(spec);
  const counts = rows.map(({ chunk }) => countTerms(split(toContent(chunk))));
  const lengths = counts.map((count) => [...count.values()].reduce((sum, n) => sum + n, 0));
  const averageLength = lengths.reduce((sum, n) => sum + n, 0) / Math.max(1, rows.length);
  const frequencies = countTerms(counts.flatMap((count) => [...count.keys()]));

  const rank = (score: (row: number) => number | undefined, keep: (row: number) => boolean) =>
    rows
      .flatMap((_, row) => {
        const value = keep(row) ? score(row) : undefined;
        return value === undefined ? [] : [{ row: String(row), score: value }];
      })
      .toSorted((a, b) => b.score - a.score || Number(a.row) - Number(b.row));

  return {
    analyse: (text) => [...new Set(split(text))],
    frequency: (term) => frequencies.get(term) ?? 0,
    vector: (query, keep) =>
      rank((row) => {
        const vector = rows[row]?.vector;
        return vector && dot(query, vector);
      }, keep),
    keyword: (terms, keep) =>
      rank((row) => {
        const norm = K1 * (1 - B + (B * (lengths[row] ?? 0)) / averageLength);
        let score = 0;
        let found = false;
        for (const { term, idf } of terms) {
          const count = counts[row]?.get(term) ?? 0;
          found ||= count > 0;
          score += (idf * count * (K1 + 1)) / (count + norm);
        }
        return found ? score : undefined;
      }, keep),
  };
}

function createSplitter({ tokenizer }: CollectionSpec): (text: string) => string[] {
  if (tokenizer === "words") {
    return (text) => text.toLowerCase().match(/[\p{Alphabetic}\p{N}]+/gu) ?? [];
  }
  const segmenter = new Intl.Segmenter("und", { granularity: "word" });
  return (text) =>
    [...segmenter.segment(text.toLowerCase())]
      .filter(({ isWordLike }) => isWordLike)
      .map(({ segment }) => segment);
}

function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
