/** The clauses of a text, and in each the things it speaks of with what stands beside them. */
import { type Quantity, toQuantities } from "../text/numbers.ts";
import { isFunctionStem, isUnspaced, type Word } from "../text/words.ts";

/** A word of meaning or a number in its clause, with what stands right before and behind it there. */
export interface Item {
  readonly key: string;
  readonly isNumber: boolean;
  readonly unit: string | undefined;
  readonly before: string;
  readonly behind: string;
}

export type Clause = readonly Item[];

const BREAK =
  /[.;:,!?()\n](?=\s|$)|(?<![\p{L}]|between\s[^.,;]{1,30})(?:and|but|while|whereas|or|und|aber|während|oder|et|mais|ou|y|pero|e|ma)(?![\p{L}])/giu;
/** Articles, and what joins clauses. */
const LEFT_OUT =
  /^(?:and|but|while|whereas|or|und|aber|während|oder|et|mais|ou|pero|an?|the|der|die|das|den|dem|des|eine?[nmrs]?|les?|la|une?|du|el|los|las|una|il|lo|gli)$/iu;
/** Of a number, whatever its value. */
const NUMBER = "#";

interface Token {
  readonly key: string;
  readonly surface: string;
  readonly start: number;
  readonly number: Quantity | undefined;
}

/** Each clause as its words of meaning and its numbers; one may have none. */
export function toClauses(words: readonly Word[], text: string): readonly Clause[] {
  const tokens = toTokens(words, text);
  const breaks = Array.from(text.matchAll(BREAK), ({ index }) => index).filter(
    (at) =>
      !tokens.some(({ number }) => number !== undefined && at > number.start && at < number.end),
  );
  const byClause = Map.groupBy(tokens, ({ start }) => breaks.filter((at) => at < start).length);
  return [...Array(breaks.length + 1).keys()].map((at) => toItems(byClause.get(at) ?? []));
}

function toItems(tokens: readonly Token[]): Clause {
  const beside = tokens.map(({ number, key }) => (number === undefined ? key : NUMBER));
  return tokens.flatMap((token, at): readonly Item[] => {
    if (!isThing(token)) return [];
    const { key, number } = token;
    const [before = "", behind = ""] = [beside[at - 1], beside[at + 1]];
    return [{ key, isNumber: number !== undefined, unit: number?.unit, before, behind }];
  });
}

/** Words and numbers, each number once. */
function toTokens(words: readonly Word[], text: string): readonly Token[] {
  const quantities = toQuantities(text);
  return words.flatMap(({ start, surface, stem }): readonly Token[] => {
    if (LEFT_OUT.test(surface)) return [];
    const number = quantities.find((one) => start < one.end && start + surface.length > one.start);
    if (number === undefined) return [{ key: stem, surface, start, number }];
    const key = `${NUMBER}${number.value}`;
    return start > number.start ? [] : [{ key, surface, start, number }];
  });
}

function isThing({ key, surface, number }: Token): boolean {
  return number !== undefined || !(isFunctionStem(key) || isUnspaced(surface));
}
