/** What a sentence denies, and what it asserts beside that: `causes headaches but not drowsiness`. */
import { findNegations } from "../../text/negation.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";

export interface Denial {
  /** For each word that denies, the first stem with a meaning behind it that is not asserted too. */
  readonly denied: readonly string[];
  /** Those of them behind a `without` that is denied itself: `not without asking` wants that one asks. */
  readonly wanted: ReadonlySet<string>;
  /** It takes something away from a whole: `all data except log files`. */
  readonly isException: boolean;
  /** Stems that stand in what is denied and nowhere else, and those that stand elsewhere alone. */
  readonly within: ReadonlySet<string>;
  readonly outside: ReadonlySet<string>;
}

/** Where a denial ends. */
const BREAK = /[.;:,!?](?=\s|$)|(?<![\p{L}])(?:but|aber|sondern|mais|pero|sino|ma)(?![\p{L}])/giu;
/** `Not true that it was opened` denies that it was. */
const EMPTY = /^(?:true|case|longer|yet|only|cannot|nicht)$/iu;

const WITHOUT = /(?<!\p{L})(?:without|unless|ohne|sans|sin)$/iu;

const EXCEPTION = /(?<!\p{L})(?:except|excluding|apart\s+from|but|außer|ausgenommen)$/iu;

export function readDenial(words: readonly Word[], text: string): Denial {
  const ends = findNegations(text);
  const breaks = Array.from(text.matchAll(BREAK), ({ index, 0: mark }) => index + mark.length);
  const content = words.filter(
    ({ stem, surface }) => !isFunctionStem(stem) && !EMPTY.test(surface),
  );
  // All three are in order: each is walked once.
  let [end, at] = [0, 0];
  const isWithin = ({ start }: Word): boolean => {
    while ((ends[end + 1] ?? Infinity) <= start) end += 1;
    const from = ends[end];
    if (from === undefined || start < from) return false;
    while ((breaks[at] ?? Infinity) <= from) at += 1;
    return start < (breaks[at] ?? text.length);
  };
  const { inside = [], others = [] } = Object.groupBy(content, (word) =>
    isWithin(word) ? "inside" : "others",
  );
  const outside = new Set(others.map(({ stem }) => stem));
  const within = new Set(inside.map(({ stem }) => stem));
  const own = content.filter(({ stem }) => !outside.has(stem));
  const [findOwn, findAny] = [createFinder(own), createFinder(content)];
  // `The lid is not.` denies what stands before it.
  const findBefore = (from: number): Word | undefined =>
    content.findLast(({ start }) => start < from);
  const found = ends.map((from) => (findOwn(from) ?? findAny(from) ?? findBefore(from))?.stem);
  const denied = found.flatMap((stem) => stem ?? []);
  const wanted = new Set(
    found.flatMap((stem, index) => {
      const from = ends[index] ?? 0;
      const isDouble =
        index > 0 &&
        WITHOUT.test(text.slice(0, from)) &&
        !breaks.some((mark) => mark > (ends[index - 1] ?? 0) && mark <= from);
      return isDouble && stem !== undefined ? [stem] : [];
    }),
  );
  return {
    denied,
    wanted,
    isException: ends.some((from) => EXCEPTION.test(text.slice(0, from))),
    within: within.difference(outside),
    outside: outside.difference(within),
  };
}

/** Finds the first word from an offset on; to be asked in order. */
function createFinder(words: readonly Word[]): (from: number) => Word | undefined {
  let next = 0;
  return (from) => {
    while ((words[next]?.start ?? Infinity) < from) next += 1;
    return words[next];
  };
}

/**
 * Has the denial moved? Each denies something that the other asserts. Not so where both deny the same word, `prices do
 * not include VAT` and `VAT is not included in the prices`, or where one says it by an exception.
 */
export function isMoved(one: Denial, other: Denial): boolean {
  const isSame = one.denied.length === 1 && one.denied[0] === other.denied[0];
  if ((isSame && other.denied.length === 1) || one.isException !== other.isException) return false;
  return !one.within.isDisjointFrom(other.outside) && !other.within.isDisjointFrom(one.outside);
}
