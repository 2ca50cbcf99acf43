/** Which chunks of a small collection hold which term, and BM25 over them. */
import type { WeightedTerm } from "../../stores/store.ts";

/** Constants of BM25 (Robertson and Walker), as in LanceDB. */
const K1 = 1.2;
const B = 0.75;

export interface Postings {
  /** Memory it takes, roughly. */
  readonly bytes: number;
  /** BM25 by row, each term weighing its given idf; 0 for rows that hold none of them. Valid until the next call. */
  score(terms: readonly WeightedTerm[]): Float32Array;
}

interface Posting {
  readonly rows: Uint32Array;
  readonly counts: Uint16Array;
}

const COUNT_MAX = 65_535;
const BYTES_PER_TERM = 150;

/** Builds them from each chunk's terms in order, with repetitions. */
export function createPostings(chunks: readonly (readonly string[])[]): Postings {
  const lists = new Map<string, Map<number, number>>();
  for (const [row, terms] of chunks.entries()) {
    for (const term of terms) {
      const list = lists.get(term) ?? new Map<number, number>();
      if (list.size === 0) lists.set(term, list);
      list.set(row, Math.min(COUNT_MAX, (list.get(row) ?? 0) + 1));
    }
  }
  const postings = new Map<string, Posting>();
  let bytes = 0;
  for (const [term, list] of lists) {
    postings.set(term, {
      rows: Uint32Array.from(list.keys()),
      counts: Uint16Array.from(list.values()),
    });
    bytes += BYTES_PER_TERM + 6 * list.size;
  }
  const norms = toNorms(chunks);
  const scores = new Float32Array(chunks.length);
  return {
    bytes: bytes + 8 * chunks.length,
    score(terms) {
      scores.fill(0);
      for (const { term, idf } of terms) addTerm(scores, norms, postings.get(term), idf);
      return scores;
    },
  };
}

function addTerm(
  scores: Float32Array,
  norms: Float32Array,
  posting: Posting | undefined,
  idf: number,
): void {
  if (posting === undefined) return;
  const { rows, counts } = posting;
  for (let at = 0; at < rows.length; at += 1) {
    // Within bounds by construction.
    const row = rows[at] as number;
    const count = counts[at] as number;
    scores[row] =
      (scores[row] as number) + (idf * count * (K1 + 1)) / (count + (norms[row] as number));
  }
}

/** What a term's count is weighed against: more in a chunk that is long for this collection. */
function toNorms(chunks: readonly (readonly string[])[]): Float32Array {
  const total = chunks.reduce((sum, terms) => sum + terms.length, 0);
  const average = total / Math.max(1, chunks.length);
  return Float32Array.from(
    chunks,
    ({ length }) => K1 * (1 - B + (B * length) / Math.max(1e-9, average)),
  );
}
