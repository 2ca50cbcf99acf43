/** Does another word stand in a sentence at the place that a word of the question has among its neighbours? */
import { toAnswerType } from "../../text/answer-type.ts";
import { isName } from "../../text/names.ts";
import { type Quantity, toQuantities } from "../../text/numbers.ts";
import { hasNumber, indexQuantities } from "../../text/quantity-index.ts";
import { readMeasure, toMeasuredStems } from "../../text/measures.ts";
import { toVerb } from "../../text/irregular-verbs.ts";
import { compareSpelling, SPELT_ALIKE_MIN, toSpelling } from "../../text/spelling.ts";
import { findWeekdays } from "../../text/weekdays.ts";
import { isFunctionStem, isUnspaced, toWords, type Word } from "../../text/words.ts";
import { type Candidate, toPlace } from "../sentence-features.ts";

/** How far a neighbour may be: "war of the roses" has one word of meaning next to another. */
const REACH_WORDS = 2;
/** Share of the question's words that the sentence must hold: below, it does not repeat the question at all. */
const HELD_SHARE_MIN = 0.6;
/** Shorter words are mostly articles and prepositions, in whatever language. */
const LONG_CHARS_MIN = 4;
const NAME_CHARS_MIN = 3;
/** What is asked for stands right behind these, and in its place the answer. */
const ASKS = /^(what|which|whose|how|qué|cuál|cuántos|cuántas)$/iu;

export interface SubstituteInput {
  readonly question: string;
  /** The sentence that answers best, and those beside it. */
  readonly best: Candidate;
  readonly neighbours: readonly Candidate[];
}

/**
 * `Who led the Sixth Fleet?` beside "Hall led the Seventh Fleet". The question's word must be missing in
 * the sentences beside it and in the title too, and the sentence must hold most of the others. A name in
 * place of a name and a number in place of a number need one neighbour in common, other words both.
 */
export function hasSubstitute({ question, best, neighbours }: SubstituteInput): boolean {
  const place = toPlace(best);
  const asked = toWords(question);
  const content = asked.filter(isContent);
  const toNumber = toFinder(question);
  const measure = readMeasure(question);
  const measured = toMeasuredStems(best, measure);
  const isHeld = toHolder([best.text], best.words, toNumber);
  const holds = (word: Word): boolean =>
    isHeld(word) || (measure?.asked.has(word.stem) === true && measured.has(word.stem));
  const held = content.filter(holds).length;
  if (held === content.length || held / content.length < HELD_SHARE_MIN) return false;
  const isPlaced = toHolder([place], toWords(place), toNumber);
  const isNear = toHolder(
    neighbours.map(({ text }) => text),
    neighbours.flatMap(({ words }) => words),
    toNumber,
  );
  const toOther = toFinder(best.text);
  const stems = new Set(asked.map(({ stem }) => stem));
  const asksNumber = toAnswerType(question) === "number";
  return asked.some((word, index) => {
    if (!isContent(word) || holds(word) || isPlaced(word)) return false;
    // That the next sentence is about the Porto office does not make one about the Lyon office an answer.
    const isBeside = isNear(word);
    if (isBeside && (isAcronym(word) || !isName(word, question))) return false;
    const isInPlace = (at: number): boolean =>
      !isBeside || isSideBySide(asked, index, best.words, at);
    if (ASKS.test(asked[index - 1]?.surface ?? "")) return false;
    const isNumber = toNumber(word) !== undefined;
    if (isNumber && asksNumber) return false;
    return best.words.some((other, at) => {
      if (!isContent(other) || stems.has(other.stem)) return false;
      const shared = findShared(asked, index, best.words, at);
      if (shared.length === 0) return false;
      if (isNumber) return toOther(other) !== undefined;
      // An acronym of the question may be spelled out here, but not as another one.
      if (isAcronym(word)) return isAcronym(other) && isNameLong(word) && isNameLong(other);
      if (isName(word, question)) return isNameLike(best.words, at) && isInPlace(at);
      const isWhole =
        shared.length === 2 ||
        (shared.length === 1 && closes(question, word) && closes(best.text, other));
      return isWhole && [other, ...shared].every(isLong);
    });
  });
}

/** Tells whether a word is there, in whatever form or misspelt, or the beginning of a word there. A number is itself or another one. */
function toHolder(
  texts: readonly string[],
  there: readonly Word[],
  toNumber: (word: Word) => Quantity | undefined,
): (word: Word) => boolean {
  const numbers = indexQuantities(texts.join("\n"));
  const days = findWeekdays(texts.join("\n"));
  const stems = [...new Set(there.map(({ stem }) => stem))];
  const known = new Set(stems);
  const verbs = new Set(there.map(({ surface }) => toVerb(surface)));
  const spellings = stems.map(toSpelling);
  return (word) => {
    const { stem, surface } = word;
    const number = toNumber(word);
    if (number !== undefined) return hasNumber(numbers, number);
    if (known.has(stem) || verbs.has(toVerb(surface))) return true;
    if (!findWeekdays(surface).isDisjointFrom(days)) return true;
    const spelling = toSpelling(stem);
    return (
      stems.some((other) => other.startsWith(stem)) ||
      spellings.some((other) => compareSpelling(spelling, other) >= SPELT_ALIKE_MIN)
    );
  };
}

/** Words of meaning next to which both stand, on the same side: none, one or two. */
function findShared(
  asked: readonly Word[],
  index: number,
  there: readonly Word[],
  at: number,
): readonly Word[] {
  return [-1, 1].flatMap((side) => {
    const own = findNeighbour(asked, index, side);
    return own !== undefined && own.stem === findNeighbour(there, at, side)?.stem ? [own] : [];
  });
}

/** The very next word of both is the same. */
function isSideBySide(
  asked: readonly Word[],
  index: number,
  there: readonly Word[],
  at: number,
): boolean {
  const next = asked[index + 1];
  return next !== undefined && isContent(next) && next.stem === there[at + 1]?.stem;
}

function findNeighbour(words: readonly Word[], index: number, side: number): Word | undefined {
  for (let distance = 1; distance <= REACH_WORDS; distance += 1) {
    const word = words[index + distance * side];
    if (word !== undefined && isContent(word)) return word;
  }
  return undefined;
}

/** Nothing more is said behind it, or not in the same breath. */
function closes(text: string, { start, surface }: Word): boolean {
  return /^\s*(?:[.?!,;:)\]]|$)/u.test(text.slice(start + surface.length));
}

function isContent({ stem, surface }: Word): boolean {
  return !isFunctionStem(stem) && !isUnspaced(surface);
}

function isLong({ surface }: Word): boolean {
  return surface.length >= LONG_CHARS_MIN;
}

/** All in capitals; in a script without them no word is one. */
function isAcronym({ surface }: Word): boolean {
  return /\p{Lu}/u.test(surface) && !/\p{Ll}/u.test(surface);
}

/** With a capital, and long enough, or the last of initials: `U.S.` */
function isNameLike(words: readonly Word[], at: number): boolean {
  const { surface, start } = words[at] as Word;
  if (!/^\p{Lu}/u.test(surface)) return false;
  if (surface.length >= NAME_CHARS_MIN) return true;
  const before = words[at - 1];
  return surface.length === 1 && before?.surface.length === 1 && before.start === start - 2;
}

function isNameLong({ surface }: Word): boolean {
  return surface.length >= NAME_CHARS_MIN;
}

/** Finds the number that a word of the text is part of: `5` and `000` are both of `5,000`. */
function toFinder(text: string): (word: Word) => Quantity | undefined {
  const numbers = toQuantities(text);
  return ({ start, surface }) =>
    numbers.find((one) => start < one.end && start + surface.length > one.start);
}
