/** Does a sentence stand under the name of a sibling of what is asked about: the NW-500 for the NW-300, 2023 for 2025? */
import { type Candidate, toPlace } from "./sentence-features.ts";

/** Letters and a number that together name one of several, or a year. */
const NAME = /(?<![\p{L}\p{N}])(?:(\p{L}{1,8})[- ]?)?(\p{N}{1,6}(?:\.\p{N}+)*)(?![\p{L}\p{N}])/gu;
const YEAR = /^(?:19|20)\p{N}{2}$/u;

/** What names share → the names themselves. */
type Names = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Tells candidates whose place names siblings of what the question names, and not that itself; one that names it in
 * its own words is about it wherever it stands.
 */
export function createSiblingTest(question: string): (candidate: Candidate) => boolean {
  const asked = toNames(question);
  if (asked.size === 0) return () => false;
  return (candidate) => {
    const own = toNames(`${candidate.header?.text ?? ""}\n${candidate.text}`);
    const place = toNames(toPlace(candidate));
    return [...asked].some(([family, names]) => {
      const there = place.get(family);
      if (there === undefined || !names.isDisjointFrom(there)) return false;
      return own.get(family)?.isDisjointFrom(names) !== false;
    });
  };
}

function toNames(text: string): Names {
  const names = new Map<string, Set<string>>();
  for (const [, letters = "", number = ""] of text.matchAll(NAME)) {
    const isYear = YEAR.test(number);
    // "Room 5" is a name, "of 5" is none.
    if (!isYear && !/\p{Lu}/u.test(letters)) continue;
    const family = isYear ? "" : letters.toLowerCase();
    names.set(family, (names.get(family) ?? new Set()).add(number));
  }
  return names;
}
