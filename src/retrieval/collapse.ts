/** Drops candidates that say the same as a better one. */
import { toStems } from "../text/stems.ts";
import { contentOf } from "./content.ts";
import type { Found } from "./take.ts";

/** Word sets this similar (Jaccard) count as the same text. */
const SIMILARITY_MAX = 0.9;

/** The candidates without near-duplicates; of each group the best ranked stays. */
export function collapse(found: readonly Found[]): readonly Found[] {
  const kept: { readonly one: Found; readonly words: ReadonlySet<string> }[] = [];
  for (const one of found) {
    const words = new Set(toStems(contentOf(one.chunk)));
    if (!kept.some((other) => isSimilar(other.words, words))) kept.push({ one, words });
  }
  return kept.map(({ one }) => one);
}

function isSimilar(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const smaller = Math.min(a.size, b.size);
  const larger = Math.max(a.size, b.size);
  if (smaller < larger * SIMILARITY_MAX) return false; // cannot reach the threshold
  const shared = a.intersection(b).size;
  return shared >= (a.size + b.size - shared) * SIMILARITY_MAX;
}
