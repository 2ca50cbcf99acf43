/** Does a claim count something that the evidence counts otherwise? `3 carrots`, of `2 carrots and 3 onions`. */
import type { Quantity } from "../../text/numbers.ts";
import { holdsQuantity, indexQuantities } from "../../text/quantity-index.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

const YEAR = /^(?:1[89]|20)\d\d$/u;
/** Nothing but blanks between the number and what it counts. */
const DIRECT_CHARS_MAX = 2;

interface Counted {
  readonly number: Quantity;
  readonly stem: string;
}

/** `numbers`: those of the claim, as they are to be compared. */
export function isMiscounted(
  claim: Reading,
  numbers: readonly Quantity[],
  evidence: readonly Pick<Evidence, "sentences">[],
): boolean {
  const counted = listCounted(claim.words, numbers);
  if (counted.length === 0) return false;
  const sentences = evidence.flatMap((one) => one.sentences);
  return counted.some(({ number, stem }) => {
    const there = sentences.filter(({ stems }) => stems.has(stem));
    const others = there.flatMap((said) => findCounts(stem, said));
    // What is spoken of without a number as well may be counted by adding up.
    const isAlways = others.length > 0 && there.every((said) => findCounts(stem, said).length > 0);
    return isAlways && !there.some((said) => mayCount(number, stem, said));
  });
}

/** Of how many a sentence speaks. */
function findCounts(stem: string, said: Said): readonly Quantity[] {
  return listCounted(said.words, said.numbers)
    .filter((one) => one.stem === stem)
    .map(({ number }) => number);
}

/** `Seven members voted for the plan, two against it`: a number that stands before nothing else may count them too. */
function mayCount(number: Quantity, stem: string, said: Said): boolean {
  const same = said.numbers.filter((one) => isSameCount(number, one));
  const counted = listCounted(said.words, same);
  return same.some((one) => {
    const of = counted.find((found) => found.number === one);
    return of === undefined ? one.unit === undefined : of.stem === stem;
  });
}

function isSameCount(one: Quantity, other: Quantity): boolean {
  return holdsQuantity(indexQuantities("", [other]), one);
}

/** Numbers without a unit, each with the word of meaning right behind it. */
function listCounted(words: readonly Word[], numbers: readonly Quantity[]): readonly Counted[] {
  return numbers.flatMap((number) => {
    if (number.unit !== undefined || YEAR.test(number.value)) return [];
    const next = words.find(({ start }) => start >= number.end);
    if (next === undefined || next.start - number.end > DIRECT_CHARS_MAX) return [];
    const isCounted = /^\p{Ll}{3,}$/u.test(next.surface) && !isFunctionStem(next.stem);
    return isCounted ? [{ number, stem: next.stem }] : [];
  });
}
