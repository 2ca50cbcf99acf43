/** What a sentence denies, and what it asserts beside that: `causes headaches but not drowsiness`. */
import { findNegations } from "../../text/negation.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";

export interface Denial {
  /** For each word that denies, the first stem with a meaning behind it that is not asserted too. */
  readonly denied: readonly string[];
  /** Stems that stand in what is denied and nowhere else, and those that stand elsewhere alone. */
  readonly within: ReadonlySet<string>;
  readonly outside: ReadonlySet<string>;
}

/** Where a denial ends. */
const BREAK = /[.;:,!?](?=\s|$)|(?<![\p{L}])(?:but|aber|sondern|mais|pero|sino|ma)(?![\p{L}])/giu;
/** `Not true that it was opened` denies that it was. */
const EMPTY = /^(?:true|case|longer|only)$/iu;

export function readDenial(words: readonly Word[], text: string): Denial {
  const ends = findNegations(text);
  const breaks = Array.from(text.matchAll(BREAK), ({ index, 0: mark }) => index + mark.length);
  const spans = ends.map((from) => ({ from, to: breaks.find((at) => at > from) ?? text.length }));
  const content = words.filter(
    ({ stem, surface }) => !isFunctionStem(stem) && !EMPTY.test(surface),
  );
  const isWithin = ({ start }: Word): boolean =>
    spans.some(({ from, to }) => start >= from && start < to);
  const [inside, others] = [content.filter(isWithin), content.filter((one) => !isWithin(one))];
  const outside = new Set(others.map(({ stem }) => stem));
  const within = new Set(inside.map(({ stem }) => stem));
  const denied = ends.flatMap((from) => {
    const behind = content.filter(({ start }) => start >= from);
    const own = behind.find(({ stem }) => !outside.has(stem)) ?? behind[0];
    return own === undefined ? [] : [own.stem];
  });
  return { denied, within: within.difference(outside), outside: outside.difference(within) };
}

/** Has the denial moved? Each denies something that the other asserts. */
export function isMoved(one: Denial, other: Denial): boolean {
  return !one.within.isDisjointFrom(other.outside) && !other.within.isDisjointFrom(one.outside);
}
