/** Does a sentence stand under the name of a sibling of what is asked about: the NW-500 for the NW-300, 2023 for 2025, Berlin for Lisbon? */
import { findDates, findNamedDates } from "../../text/dates.ts";
import { isExact } from "../../text/names.ts";
import { toContentStems, toWords } from "../../text/words.ts";
import { listHeadings } from "../sections.ts";
import { type Candidate, toPlace } from "../sentence-features.ts";
import { listIdentifierStems } from "./identifiers.ts";

/** Letters and a number that together name one of several, or a year. */
const NAME = /(?<![\p{L}\p{N}])(?:(\p{L}{1,8})[- ]?)?(\p{N}{1,6}(?:\.\p{N}+)*)(?![\p{L}\p{N}])/gu;
const YEAR = /^(?:19|20)\p{N}{2}$/u;

/** A number behind one of these is a version, and so is one with more than one dot. */
const VERSIONED = /^(?:version|release|v)$/iu;
const LONG_VERSION = /\..*\./u;

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

export interface SectionTests {
  /** Stands it under a name that the question has: `Lisbon`? Under a topic each sentence says itself what it speaks of. */
  readonly isUnderName: (candidate: Candidate) => boolean;
  /**
   * Stands it under another heading than one beside it that the question has whole: `Berlin` beside `Lisbon`? One that
   * has its words itself is about it wherever it stands.
   */
  readonly isOfSibling: (candidate: Candidate) => boolean;
}

/** What the headings above candidates say of them, beside the question. */
export function createSectionTests(
  question: string,
  candidates: readonly Candidate[],
): SectionTests {
  const asked = toContentStems(question);
  const exact = toWords(question).flatMap((word) => (isExact(word, question) ? word.stem : []));
  const names = listIdentifierStems(question).union(new Set(exact));
  const sections = new Map(
    candidates.map((one) => [one.section, toSection(one, { asked, names })]),
  );
  const named = [...sections.values()].filter(({ isNamed }) => isNamed);
  return {
    isUnderName: ({ section }) => sections.get(section)?.isUnderName === true,
    isOfSibling: ({ passage, section, words }) => {
      const own = sections.get(section);
      if (own === undefined || own.isUnderNamed) return false;
      const stems = new Set(words.map(({ stem }) => stem));
      return named.some(
        (one) =>
          one.documentId === passage.documentId &&
          one.above === own.above &&
          !one.stems.isSubsetOf(stems),
      );
    },
  };
}

interface Section {
  readonly documentId: string;
  /** All headings but the last, a line each. */
  readonly above: string | undefined;
  readonly stems: ReadonlySet<string>;
  /** The question has the last heading whole. */
  readonly isNamed: boolean;
  /** Or any of them. */
  readonly isUnderNamed: boolean;
  /** One of them is made of names and numbers that the question has. */
  readonly isUnderName: boolean;
}

interface Asked {
  readonly asked: ReadonlySet<string>;
  /** The names, numbers and words of identifiers among them. */
  readonly names: ReadonlySet<string>;
}

function toSection({ passage, section }: Candidate, { asked, names }: Asked): Section {
  const headings = listHeadings(passage, section);
  const isIn = (heading: string, known: ReadonlySet<string>): boolean => {
    const stems = toContentStems(heading);
    return stems.size > 0 && stems.isSubsetOf(known);
  };
  const isAsked = (heading: string): boolean => isIn(heading, asked);
  const last = headings.at(-1);
  return {
    documentId: passage.documentId,
    above: last === undefined ? undefined : headings.slice(0, -1).join("\n"),
    stems: toContentStems(last ?? ""),
    isNamed: last !== undefined && isAsked(last),
    isUnderNamed: headings.some(isAsked),
    isUnderName: headings.some((heading) => isIn(heading, names)),
  };
}

/** What names of versions, and dates, share. */
const [VERSION, DATE] = ["version", "date"];

function toNames(text: string): Names {
  const names = new Map<string, Set<string>>();
  const add = (family: string, name: string): void => {
    names.set(family, (names.get(family) ?? new Set()).add(name));
  };
  for (const date of findDates(text)) add(DATE, date.readings.join(" "));
  for (const date of findNamedDates(text)) add(DATE, date);
  for (const [, letters = "", number = ""] of text.matchAll(NAME)) {
    if (VERSIONED.test(letters) || LONG_VERSION.test(number)) {
      add(VERSION, number);
      continue;
    }
    const isYear = YEAR.test(number);
    // "Room 5" is a name, "of 5" is none.
    if (!isYear && !/\p{Lu}/u.test(letters)) continue;
    const family = isYear ? "" : letters.toLowerCase();
    add(family, number);
  }
  return names;
}
