/** Drops candidates that say the same as a better one. */
import { oncePer } from "../async/once.ts";
import { type Chunk, toReadable } from "../domain/chunk.ts";
import { toExact } from "../text/exact.ts";
import { toStems } from "../text/stems.ts";
import { contentOf } from "./content.ts";
import type { Found } from "./take.ts";

/** Word sets this similar (Jaccard) count as the same text. */
const SIMILARITY_MAX = 0.9;

export interface Collapsed {
  readonly kept: readonly Found[];
  /** Each one that was dropped, with the one that says it instead. */
  readonly twins: ReadonlyMap<Found, Found>;
}

/**
 * The candidates without near-duplicates; of each group the best ranked stays. What has a number or a name
 * that the better one lacks says something else: the prices of two years.
 */
export function collapse(found: readonly Found[]): Collapsed {
  const kept: { readonly one: Found; readonly words: Uint32Array }[] = [];
  const twins = new Map<Found, Found>();
  for (const one of found) {
    const words = toFingerprint(toStems(contentOf(one.chunk)));
    const twin = kept.find((other) => isSimilar(other.words, words) && says(other.one, one));
    if (twin === undefined) kept.push({ one, words });
    else twins.set(one, twin.one);
  }
  return { kept: kept.map(({ one }) => one), twins };
}

/** Has a candidate every number and name of another? Only asked where the words are alike. */
function says({ chunk }: Found, other: Found): boolean {
  return readExact(other.chunk).isSubsetOf(readExact(chunk));
}

const readExact = oncePer((chunk: Chunk) =>
  toExact(toReadable(chunk), [chunk.title, ...chunk.location.headings].join("\n")),
);

/**
 * Hashes of the distinct stems in ascending order: a set that takes four bytes a word and is quick to compare.
 * Of the very stems that `toStems` remembers, so that it is forgotten with them.
 */
const toFingerprint = oncePer((stems: readonly string[]) =>
  Uint32Array.from(new Set(stems), hash).toSorted(),
);

/** 32 bits (Fowler, Noll and Vo, FNV-1a, over UTF-16 code units). */
function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193);
  }
  return hashed >>> 0;
}

/** What is left of either bounds what they can share: mostly no more than a few words are looked at, or none. */
function isSimilar(a: Uint32Array, b: Uint32Array): boolean {
  const all = a.length + b.length;
  // The least n for which n of all is enough: n / (all - n) reaches the similarity.
  const needed = Math.ceil((all * SIMILARITY_MAX) / (1 + SIMILARITY_MAX));
  let [inA, inB, shared] = [0, 0, 0];
  while (shared + Math.min(a.length - inA, b.length - inB) >= needed) {
    if (inA === a.length || inB === b.length) return true;
    const left = a[inA] as number;
    const right = b[inB] as number;
    if (left === right) shared += 1;
    if (left <= right) inA += 1;
    if (right <= left) inB += 1;
  }
  return false;
}
