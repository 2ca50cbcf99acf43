/** What of a sentence is exact, its names and its numbers, and whether the evidence has it. */
import type { Quantity } from "../../text/numbers.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { hasForm, isNameNumber } from "../../text/numbered-names.ts";
import { toRounded } from "../../text/rounding.ts";
import { toKind, toUnit } from "../../text/units.ts";
import { listContentStems, type Word } from "../../text/words.ts";
import { createNumberFinder } from "./clauses.ts";
import type { Evidence } from "./evidence.ts";
import { isDenialWord, isModel, type Reading, readText } from "./reading.ts";
import { isCountOfRows } from "./row-claims.ts";

export interface Exact {
  readonly claim: Reading;
  /** All stems of meaning. */
  readonly content: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly quantities: readonly Quantity[];
  /** Stems of words that are part of a number: such are compared by value. */
  readonly spelled: ReadonlySet<string>;
}

/** What a sentence says, and what of it is exact. `goesOn`: where it begins with a capital, that is one of a name. */
export function readExact(sentence: string, evidence: readonly Evidence[], goesOn: boolean): Exact {
  const claim = readText(sentence);
  const named = goesOn && claim.opening !== undefined ? [claim.opening] : [];
  const { words } = claim;
  const numbers = claim.numbers.map((one) =>
    evidence.reduce((read, { quantities }) => toRounded(read, sentence, quantities), one),
  );
  const findNumber = createNumberFinder(numbers);
  const findMeasure = createNumberFinder(numbers.map((one) => ({ ...one, end: one.unitEnd })));
  const spelled = words.filter((word) => findNumber(word.start, toEnd(word)) !== undefined);
  const starts = new Set(numbers.map(({ start }) => start));
  const measured = words.filter(
    (word) =>
      isTimeBefore(word, starts) ||
      (isMeasured(word, findMeasure(word.start, toEnd(word))) && !isModel(word, sentence)),
  );
  const ofNames = listNameNumbers(sentence, words, numbers);
  const others = numbers.filter(({ start }) => !ofNames.some((word) => word.start === start));
  const measuredStems = new Set(measured.filter((word) => !ofNames.includes(word)).map(toStem));
  const all = new Set([...claim.names, ...named, ...ofNames.map(toStem)]);
  return {
    claim,
    // Without the months that dates in digits name.
    content: new Set(listContentStems(words).filter((stem) => !isDenialWord(stem))),
    names: [...all].filter((stem) => !measuredStems.has(stem)),
    quantities: others.filter((one) => !isCountOfRows(one, sentence, evidence)),
    spelled: new Set(spelled.map(toStem)),
  };
}

/** Is a word nowhere in the evidence? */
export function isMissing(stem: string, evidence: readonly Evidence[]): boolean {
  return !evidence.some(({ stems }) => hasForm(stems, stem));
}

/** Are all of them there? */
export function occur(
  names: readonly string[],
  quantities: readonly Quantity[],
  readings: readonly Pick<Reading, "stems" | "quantities">[],
): boolean {
  return (
    names.every((stem) => readings.some(({ stems }) => hasForm(stems, stem))) &&
    quantities.every((quantity) => readings.some((reading) => holds(reading, quantity)))
  );
}

/** Numbers that belong to a name are parts of it: `Second World War` is not held by two friends. */
function listNameNumbers(
  sentence: string,
  words: readonly Word[],
  numbers: readonly Quantity[],
): readonly Word[] {
  const findNumber = createNumberFinder(numbers);
  return words.filter((word, at) => {
    const number = findNumber(word.start, toEnd(word));
    const isAlone =
      number === undefined || (number.start === word.start && number.unitEnd === toEnd(word));
    return isAlone && isNameNumber(words, at, sentence);
  });
}

/** The same value, and no other unit. `one` is as often a pronoun as a number. */
function holds({ quantities }: Pick<Reading, "quantities">, quantity: Quantity): boolean {
  if (holdsQuantity(quantities, quantity)) return true;
  const { value, unit, isFar } = quantity;
  return value === "1" && (unit === undefined || isFar === true) && !quantities.has(value);
}

/** Is the word that number with its unit, or part of it? `10BASE5` goes on behind it, and is a name. */
function isMeasured(word: Word, number: { readonly end: number } | undefined): boolean {
  if (number === undefined) return false;
  const end = toEnd(word) - Number(/[²³]$/u.test(word.surface));
  return end <= number.end || !/[\p{Lu}\p{Ll}]/u.test(word.surface);
}

/** `Im Jahr 2027` has no name in it, whatever its capital. */
function isTimeBefore(word: Word, starts: ReadonlySet<number>): boolean {
  return starts.has(toEnd(word) + 1) && toKind(toUnit(word.surface) ?? "") === "time";
}

function toEnd({ start, surface }: Word): number {
  return start + surface.length;
}

function toStem({ stem }: Word): string {
  return stem;
}
