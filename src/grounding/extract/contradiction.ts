/** Does the best sentence speak of something else than the question, in a way that words alone can tell? */
import { toReadable } from "../../domain/chunk.ts";
import { lacksForm } from "../../text/answer-forms.ts";
import { findCounted } from "../../text/asked-thing.ts";
import { toKind, toUnit } from "../../text/units.ts";
import { findDates, toMonthNames } from "../../text/dates.ts";
import { toQuantities } from "../../text/numbers.ts";
import { holdsMeasure, readMeasure } from "../../text/measures.ts";
import { isName } from "../../text/names.ts";
import { asksWhether, toQuestionWords } from "../../text/question-words.ts";
import { isDenialOf, oppositesOf } from "../../text/opposites.ts";
import { isFunctionStem, toWords, type Word } from "../../text/words.ts";
import { hasNumber, indexQuantities } from "../../text/quantity-index.ts";
import { findWeekdays } from "../../text/weekdays.ts";
import { toPlace } from "../sentence-features.ts";
import { createSiblingTest } from "./siblings.ts";
import { hasSubstitute, type SubstituteInput } from "./substitute.ts";

export type ContradictionInput = SubstituteInput;

/**
 * True where the question denies something, or a word of it, and the sentence does not; where the sentence has
 * the opposite of a word of the question that it lacks, or another word in its place; or where a figure or date
 * of the question stands nowhere in the passage; where a measure, a count or what has a form of its own is asked for and
 * none is given; where what goes before, during or after something is told for another of these; where a table has no
 * row for a name of the question; and where the sentence stands under the name of a sibling.
 */
export function contradicts(input: ContradictionInput): boolean {
  return (
    isDenied(input) ||
    isTakenBack(input) ||
    isForeignNon(input) ||
    isOpposite(input) ||
    hasForeignFigure(input) ||
    lacksMeasure(input) ||
    lacksCount(input) ||
    isAtOtherTime(input) ||
    lacksAnswer(input) ||
    lacksRow(input) ||
    createSiblingTest(input.question)(input.best) ||
    hasSubstitute(input)
  );
}

/** A bare "no" in a question is left out: in other languages it is another word. */
const DENIES =
  /\b(not(?! only)|never|nobody|nothing|without|neither|nor|cannot|except|(outside|instead) of|(rather|other) than|apart from|no (one|longer|more)|fail(s|ed)? to|refused? to)\b|n['’]t\b/iu;
/** Rather too much than too little: only a sentence without any of them asserts. */
const MAY_DENY =
  /\b(not|never|no|none|nobody|nothing|without|neither|nor|cannot|hardly|rarely|except|avoid|lack|unless|fail(s|ed|ure)?|refus(e[sd]?|al)|declin(e[sd]?|ing)|reject(s|ed)?|den(y|ie[sd])|prevent(s|ed)?|outside|instead|(rather|other) than|apart|besides|exception)\b|n['’]t\b/iu;

function isDenied({ question, best }: ContradictionInput): boolean {
  return DENIES.test(question) && !MAY_DENY.test(best.text);
}

/** Before a word they take it back: `least known`, `wasn't built`; not so `at least` and `not only`. */
const TAKES_BACK = /^(not|never|without|least|hardly|rarely|cannot)$|n['’]t$/iu;
/** Behind these "no" is the English word. */
const BEFORE_NO = /^(is|are|was|were|has|have|had|with)$/iu;
/** How far before its word, or around it in a sentence that takes it back as well. */
const BEFORE_WORDS = 3;
const AROUND_WORDS = 6;

/** A word that the question takes back stands in the sentence, and nothing near it denies it. */
function isTakenBack({ question, best }: ContradictionInput): boolean {
  const asked = toWords(question);
  return asked.some(({ surface }, index) => {
    const before = asked[index - 1]?.surface ?? "";
    const isNo = surface === "no" && BEFORE_NO.test(before);
    if ((!isNo && !TAKES_BACK.test(surface)) || before === "at") return false;
    const behind = asked.slice(index + 1, index + 1 + BEFORE_WORDS);
    if (behind[0]?.surface === "only") return false;
    const taken = behind.filter(isTelling);
    return taken.some(({ stem }) => {
      const places = toPlaces(best.words, stem);
      return places.length > 0 && !places.some((at) => isDeniedNear(best.words, at));
    });
  });
}

/** `non-Arab` is another thing than what the passage calls `Arab`, and nothing else. */
function isForeignNon({ question, best }: ContradictionInput): boolean {
  const isNon = (words: readonly Word[], at: number): boolean =>
    words[at - 1]?.surface.toLowerCase() === "non";
  const asked = toWords(question);
  const taken = asked.filter((_, index) => isNon(asked, index));
  if (taken.length === 0) return false;
  const there = toWords(best.passage.text);
  return taken.some(({ stem }) => {
    const places = toPlaces(there, stem);
    return places.length > 0 && !places.some((at) => isNon(there, at));
  });
}

function isTelling({ stem }: Word): boolean {
  return !isFunctionStem(stem);
}

function toPlaces(words: readonly Word[], wanted: string): readonly number[] {
  return words.flatMap(({ stem }, at) => (stem === wanted ? [at] : []));
}

function isDeniedNear(words: readonly Word[], at: number): boolean {
  return words
    .slice(Math.max(0, at - AROUND_WORDS), at + AROUND_WORDS + 1)
    .some(({ surface }) => TAKES_BACK.test(surface) || MAY_DENY.test(surface));
}

/** But for who asks whether: the opposite is an answer to that. */
function isOpposite({ question, best }: ContradictionInput): boolean {
  if (asksWhether(question)) return false;
  const there = new Set(best.words.map(({ stem }) => stem));
  const asked = toWords(question).filter(({ stem }) => !isFunctionStem(stem));
  const stems = new Set(asked.map(({ stem }) => stem));
  const added = best.words.filter(({ stem }) => !stems.has(stem));
  return asked.some(
    ({ stem, surface }) =>
      !there.has(stem) &&
      ([...oppositesOf(stem)].some((opposite) => there.has(opposite)) ||
        added.some((other) => isDenialOf(surface, other.surface))),
  );
}

const FIGURE = /\p{N}/u;
const MONTHS =
  /\b(january|february|march|april|may|june|july|august|september|october|november|december)(?=s?\b)/giu;
/** A single digit is as often a word, or a name. */
const FIGURE_CHARS_MIN = 2;

function hasForeignFigure({ question, best }: ContradictionInput): boolean {
  const whole = `${toPlace(best)}\n${toReadable(best.passage)}`;
  const figures = toQuantities(question).filter(
    ({ value, start }) => value.length >= FIGURE_CHARS_MIN && FIGURE.test(question.charAt(start)),
  );
  const days = findWeekdays(question);
  const dates = [...question.matchAll(MONTHS)]
    .filter(({ 0: word, index }) => word !== "may" && (word !== "May" || index > 0))
    .map(([word]) => word);
  if (figures.length === 0 && dates.length === 0 && days.size === 0) return false;
  const given = indexQuantities(whole);
  const months = findDates(whole).flatMap(({ readings }) => readings.flatMap(toMonthNames));
  const words = new Set([...(whole.match(MONTHS) ?? []), ...months].map(toLower));
  return (
    figures.some((figure) => !hasNumber(given, figure)) ||
    !days.isSubsetOf(findWeekdays(whole)) ||
    dates.some((word) => !words.has(toLower(word)))
  );
}

/** A weight is asked for, and there or right beside it none is given, nor spoken of. */
function lacksMeasure({ question, best, neighbours }: ContradictionInput): boolean {
  const measure = readMeasure(question);
  if (measure === undefined || measure.kinds.size === 0) return false;
  const near = [best, ...neighbours];
  const isNamed = near.some(({ words }) => words.some(({ stem }) => measure.words.has(stem)));
  return !isNamed && !near.some(({ text }) => holdsMeasure(text, measure));
}

/** Things are to be counted, and every number there and right beside it is a price, a time or the like. */
function lacksCount({ question, best, neighbours }: ContradictionInput): boolean {
  const counted = /\bhow many\b/iu.test(question) ? findCounted(question) : undefined;
  if (counted === undefined || toUnit(counted) !== undefined) return false;
  const quantities = [best, ...neighbours].flatMap(({ text }) => toQuantities(text));
  const isMeasure = (unit: string | undefined): boolean =>
    unit !== undefined && toKind(unit) !== undefined;
  return quantities.length > 0 && quantities.every(({ unit }) => isMeasure(unit));
}

const TIMES = new Set(["before", "during", "after"]);

/** "After the trial" is asked, and the sentence says what goes "during the trial", and nothing of after. */
function isAtOtherTime({ question, best }: ContradictionInput): boolean {
  if (asksWhether(question)) return false;
  const asked = toTimes(toWords(question));
  const there = toTimes(best.words);
  const told = new Set(there.map(({ time }) => time));
  return asked.some(({ time, of }) => !told.has(time) && there.some((other) => other.of === of));
}

/** Each of them with the stem of what it is before, during or after. */
function toTimes(
  words: readonly Word[],
): readonly { readonly time: string; readonly of: string }[] {
  return words.flatMap(({ surface }, at) => {
    const time = surface.toLowerCase();
    const of = TIMES.has(time) ? words.slice(at + 1).find(isTelling)?.stem : undefined;
    return of === undefined ? [] : [{ time, of }];
  });
}

/** Something is asked for that is known by its form, and neither there nor right beside it is any. */
function lacksAnswer({ question, best, neighbours }: ContradictionInput): boolean {
  return lacksForm(question, [best, ...neighbours].map(({ text }) => text).join("\n"));
}

/** A table or a row of it answers, and the question has a name that its passage has nowhere: the row asked for is missing. */
function lacksRow({ question, best }: ContradictionInput): boolean {
  const { header, passage } = best;
  if (header === undefined) return false;
  const words = toWords(`${toPlace(best)}\n${toReadable(passage)}`);
  const there = new Set(words.map(({ stem }) => stem));
  return toQuestionWords(question).some(
    (word) => !there.has(word.stem) && isNaming(word, question),
  );
}

function isNaming(word: Word, question: string): boolean {
  return isName(word, question) || /\p{L}\p{N}|\p{N}\p{L}/u.test(word.surface);
}

function toLower(word: string): string {
  return word.toLowerCase();
}
