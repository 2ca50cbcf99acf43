/** Which chunks of a small collection hold which term, and BM25 over them. */
import type { WeightedTerm } from "../../stores/store.ts";
import { B, K1 } from "../../text/idf.ts";

export interface Postings {
  /** Memory it takes, roughly. */
  readonly bytes: number;
  /** BM25 by row, each term weighing its given idf; 0 for rows that hold none of them. Valid until the next call. */
  score(terms: readonly WeightedTerm[]): Float32Array;
}

/** Takes chunks one by one, so that a large collection can be read in turns. */
export interface PostingsBuilder {
  /** The next chunk's terms in order, with repetitions. */
  add(terms: readonly string[]): void;
  build(): Postings;
}

const COUNT_MAX = 65_535;
/** Its entry in the map and its text. */
const BYTES_PER_TERM = 120;

/** Starts without any chunk. */
export function createPostingsBuilder(): PostingsBuilder {
  /** By term: a row, its count, the next row, its count … */
  const lists = new Map<string, number[]>();
  const lengths: number[] = [];
  return {
    add(terms) {
      const row = lengths.length;
      lengths.push(terms.length);
      for (const [term, count] of countAll(terms)) {
        const list = lists.get(term);
        if (list === undefined) lists.set(term, [row, count]);
        else list.push(row, count);
      }
    },
    build: () => createPostings(lists, toNorms(lengths)),
  };
}

function countAll(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, Math.min(COUNT_MAX, (counts.get(term) ?? 0) + 1));
  return counts;
}

/** All lists one after the other in one buffer: an array a term would take more than what it holds. */
function createPostings(
  lists: ReadonlyMap<string, readonly number[]>,
  norms: Float32Array,
): Postings {
  const places = new Map<string, number>();
  const ends = new Uint32Array(lists.size);
  let size = 0;
  for (const list of lists.values()) size += list.length / 2;
  const rows = new Uint32Array(size);
  const counts = new Uint16Array(size);
  let at = 0;
  for (const [term, list] of lists) {
    for (let from = 0; from < list.length; from += 2) {
      rows[at] = list[from] ?? 0;
      counts[at] = list[from + 1] ?? 0;
      at += 1;
    }
    ends[places.size] = at;
    places.set(term, places.size);
  }
  const scores = new Float32Array(norms.length);
  return {
    bytes: BYTES_PER_TERM * places.size + 6 * size + 8 * norms.length,
    score(terms) {
      scores.fill(0);
      for (const { term, idf } of terms) {
        const place = places.get(term);
        if (place !== undefined) addList(ends[place - 1] ?? 0, ends[place] ?? 0, idf);
      }
      return scores;
    },
  };

  function addList(from: number, to: number, idf: number): void {
    for (let at = from; at < to; at += 1) {
      // Within bounds by construction.
      const row = rows[at] as number;
      const count = counts[at] as number;
      const weight = (idf * count * (K1 + 1)) / (count + (norms[row] as number));
      scores[row] = (scores[row] as number) + weight;
    }
  }
}

/** What a term's count is weighed against: more in a chunk that is long for this collection. */
function toNorms(lengths: readonly number[]): Float32Array {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const average = Math.max(1e-9, total / Math.max(1, lengths.length));
  return Float32Array.from(lengths, (length) => K1 * (1 - B + (B * length) / average));
}
