/** Texts that hold the very version a question names: by their words, `3.1.0` and `1.3.0` are the same, in every index. */
import { contentOf } from "./content.ts";
import type { Found } from "./take.ts";

/** Behind a word that says so, or with more than one dot; no part is as long as a year, by which dates are told. */
const ASKED =
  /(?<![\p{L}\p{N}.])(?:(?:versions?|release(?: notes)?|v)[ .]?(\p{N}{1,3}(?:\.\p{N}{1,3})+)|(\p{N}{1,3}(?:\.\p{N}{1,3}){2,}))(?![.-]?\p{N})/giu;
const DOTTED = /(?<![\p{N}.])\p{N}+(?:\.\p{N}+)+(?!\.?\p{N})/gu;

/** Candidates with scores of 0 to 1, those that hold more of the versions asked for above the others; each group keeps its order. */
export function raiseVersions(found: readonly Found[], question: string): readonly Found[] {
  const asked = new Set(
    [...question.matchAll(ASKED)].flatMap(([, named, long]) => named ?? long ?? []),
  );
  if (asked.size === 0) return found;
  const held = found.map(
    ({ chunk }) => asked.intersection(new Set(contentOf(chunk).match(DOTTED))).size,
  );
  const most = Math.max(...held);
  return found.map((one, index) => ({
    ...one,
    score: (one.score + (held[index] ?? 0)) / (1 + most),
  }));
}
