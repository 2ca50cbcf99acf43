/** Texts that hold the very version a question names: by their words, `3.1.0` and `1.3.0` are the same, in every index. */
import { contentOf } from "./content.ts";
import type { Found } from "./take.ts";

/** Behind a word that says so, or with more than one dot; no part is as long as a year, by which dates are told. */
const ASKED =
  /(?<![\p{L}\p{N}.])(?:(?:versions?|release(?: notes)?|v)[ .]?(\p{N}{1,3}(?:\.\p{N}{1,3})+)|(\p{N}{1,3}(?:\.\p{N}{1,3}){2,}))(?![.-]?\p{N})/giu;
const DOTTED = /(?<![\p{N}.])\p{N}+(?:\.\p{N}+)+(?!\.?\p{N})/gu;

/** So many times the range of all scores that what else speaks for a text does not count against it. */
const RAISE = 2;

/** The candidates, with those that hold a version asked for raised above the others; each group keeps its order. */
export function raiseVersions(found: readonly Found[], question: string): readonly Found[] {
  const asked = new Set(
    [...question.matchAll(ASKED)].flatMap(([, named, long]) => named ?? long ?? []),
  );
  if (asked.size === 0) return found;
  const scores = found.map(({ score }) => score);
  const range = Math.max(...scores) - Math.min(...scores);
  return found.map((one) => {
    const held = asked.intersection(new Set(contentOf(one.chunk).match(DOTTED)));
    return { ...one, score: one.score + (RAISE * range * held.size) / asked.size };
  });
}
