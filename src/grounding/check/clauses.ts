/** The clauses of a text, and in each the things it speaks of with what stands beside them. */
import { isAbbreviation } from "../../text/abbreviations.ts";
import type { Quantity } from "../../text/numbers.ts";
import { isFunctionStem, isUnspaced, type Word } from "../../text/words.ts";

/** A word of meaning or a number in its clause, with what stands right before and behind it there. */
export interface Item {
  readonly key: string;
  readonly isNumber: boolean;
  /** It has a capital. */
  readonly isName: boolean;
  readonly unit: string | undefined;
  readonly before: string;
  readonly behind: string;
}

export type Clause = readonly Item[];

const BREAK =
  /[.;:,!?()\n](?=\s|$)(?:\s+(?:and|but|while|whereas|und|aber|während|et|mais|y|pero|e|ma)(?![\p{L}]))?|(?<![\p{L}]|between\s[^.,;]{1,30})(?:and|but|before|after|while|whereas|or|und|aber|während|oder|et|mais|ou|y|pero|e|ma)(?![\p{L}])/giu;
/** With a number behind it, as in `after thirty seconds`, it begins no clause. */
const BEFORE_OR_AFTER = /^(?:before|after)$/iu;
/** Articles, and what joins clauses. */
const LEFT_OUT =
  /^(?:and|but|while|whereas|or|und|aber|während|oder|et|mais|ou|pero|an?|the|der|die|das|den|dem|des|eine?[nmrs]?|les?|la|une?|du|el|los|las|una|il|lo|gli)$/iu;
/** Of a number, whatever its value. */
const NUMBER = "#";

/** A word, or a number with all of its digits or words. */
export interface Token {
  readonly key: string;
  readonly surface: string;
  readonly start: number;
  readonly number: Quantity | undefined;
  /** A word of meaning or a number. */
  readonly isThing: boolean;
}

/** Each clause as its words of meaning and its numbers; one may have none. */
export function toClauses(
  words: readonly Word[],
  text: string,
  quantities: readonly Quantity[],
): readonly Clause[] {
  const isInNumber = createNumberFinder(quantities);
  const findBehind = createNumberFinder(quantities);
  const breaks = [...text.matchAll(BREAK)].filter(
    ({ index, 0: mark }) =>
      (isInNumber(index)?.start ?? index) === index &&
      !(BEFORE_OR_AFTER.test(mark) && findBehind(index + mark.length, index + mark.length + 2)) &&
      !(mark.startsWith(".") && isAbbreviation(text, 0, index)),
  );
  const clauses: Token[][] = [[]];
  for (const token of toTokens(words, quantities)) {
    while ((breaks[clauses.length - 1]?.index ?? Infinity) < token.start) clauses.push([]);
    clauses.at(-1)?.push(token);
  }
  while (clauses.length <= breaks.length) clauses.push([]);
  return clauses.map(toItems);
}

/** Finds the first that ends behind an offset, if it begins there or before `end`; to be asked in order. */
export function createNumberFinder<T extends Pick<Quantity, "start" | "end">>(
  quantities: readonly T[],
): (at: number, end?: number) => T | undefined {
  let next = 0;
  return (at, end = at + 1) => {
    while ((quantities[next]?.end ?? Infinity) <= at) next += 1;
    const found = quantities[next];
    return found !== undefined && found.start < end ? found : undefined;
  };
}

function toItems(tokens: readonly Token[]): Clause {
  const beside = tokens.map(({ number, key }) => (number === undefined ? key : NUMBER));
  return tokens.flatMap((token, at): readonly Item[] => {
    if (!token.isThing) return [];
    const { key, number, surface } = token;
    const isName = /^\p{Lu}/u.test(surface);
    const [before = "", behind = ""] = [beside[at - 1], beside[at + 1]];
    return [{ key, isNumber: number !== undefined, isName, unit: number?.unit, before, behind }];
  });
}

/** Words and numbers, each number once; without articles and what joins clauses. */
export function toTokens(
  words: readonly Word[],
  quantities: readonly Quantity[],
): readonly Token[] {
  const findNumber = createNumberFinder(quantities);
  return words.flatMap(({ start, surface, stem }): readonly Token[] => {
    if (LEFT_OUT.test(surface)) return [];
    const number = findNumber(start, start + surface.length);
    if (number === undefined) {
      const isThing = !(isFunctionStem(stem) || isUnspaced(surface));
      return [{ key: stem, surface, start, number, isThing }];
    }
    const key = `${NUMBER}${number.value}`;
    return start > number.start ? [] : [{ key, surface, start, number, isThing: true }];
  });
}
