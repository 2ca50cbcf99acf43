/** What a sentence says that can be compared: its words, names, quantities, and whether it denies. */
import { once } from "../../async/once.ts";
import { mayDeny } from "../../text/opposites.ts";
import { isNegated } from "../../text/negation.ts";
import { readSide, type Side } from "../../text/bounds.ts";
import { findDates, isSmallMonth, toMonthNames } from "../../text/dates.ts";
import { type Quantity, toQuantities } from "../../text/numbers.ts";
import { indexQuantities, type QuantityIndex } from "../../text/quantity-index.ts";
import { isWeekday } from "../../text/weekdays.ts";
import { isFunctionStem, toWords, type Word } from "../../text/words.ts";
import { type Clause, toClauses } from "./clauses.ts";
import { type Denial, readDenial } from "./denial.ts";

/** One sentence, or a whole text. */
export interface Reading {
  readonly text: string;
  readonly words: readonly Word[];
  readonly stems: ReadonlySet<string>;
  readonly content: ReadonlySet<string>;
  /** Those that may be another word denied: `incomplete`, `harmless`. */
  readonly denials: readonly string[];
  /** Stems of words with a capital that do not merely begin the sentence, and of words with a digit that are no number. */
  readonly names: ReadonlySet<string>;
  /** Stem of the first word, where that has a capital and a meaning: a name, or not. */
  readonly opening: string | undefined;
  /** The second word has a capital too. */
  readonly isOpeningName: boolean;
  /** In order. */
  readonly numbers: readonly Quantity[];
  readonly quantities: QuantityIndex;
  /** Key of a quantity → the side of it that is spoken of, for those that have one. */
  readonly sides: ReadonlyMap<string, Side>;
  readonly isNegated: boolean;
  readonly denial: Denial;
  readonly clauses: readonly Clause[];
  /** It speaks of what the sentence before it names. */
  readonly isLeaning: boolean;
}

/** What denies says nothing that could be covered: it is compared by itself. */
const DENIES = /^(?:cannot|nein|nicht|kein(?:e[nmrs]?)?)$/u;

export function isDenialWord(stem: string): boolean {
  return DENIES.test(stem);
}

/** Reads a sentence or a text; what goes beyond its words when it is first asked for. */
export function readText(text: string): Reading {
  const words = toWords(text);
  const stems = new Set([...words.map(({ stem }) => stem), ...toMonths(text)]);
  const content = new Set(
    [...stems].filter((stem) => !isFunctionStem(stem) && !isDenialWord(stem)),
  );
  const denials = once(() => [...content].filter(mayDeny));
  const names = once(() => new Set(toNames(words, text)));
  const numbers = once(() => toQuantities(text));
  const quantities = once(() => indexQuantities(text, numbers()));
  const sides = once(() => readSides(text, numbers()));
  const denial = once(() => readDenial(words, text));
  const clauses = once(() => toClauses(words, text, numbers()));
  return {
    text,
    words,
    stems,
    content,
    get denials() {
      return denials();
    },
    get names() {
      return names();
    },
    get opening() {
      return toOpening(words, text);
    },
    get isOpeningName() {
      return /^\p{Lu}\p{L}/u.test(words[1]?.surface ?? "");
    },
    get numbers() {
      return numbers();
    },
    get quantities() {
      return quantities();
    },
    get sides() {
      return sides();
    },
    get isNegated() {
      return isNegated(text);
    },
    get denial() {
      return denial();
    },
    get clauses() {
      return clauses();
    },
    get isLeaning() {
      return LEANING.test(text);
    },
  };
}

function readSides(text: string, quantities: readonly Quantity[]): ReadonlyMap<string, Side> {
  const sides = new Map<string, Side>();
  for (const [index, { keys, start, end }] of quantities.entries()) {
    const side = readRangeSide(text, quantities, index) ?? readSide(text, start, end);
    if (side !== undefined) for (const key of keys) sides.set(key, side);
  }
  return sides;
}

/** Between its two numbers; what joins any two things only behind `between`. */
const RANGE = /^\s*(?:(?:to|through|bis|à|a|hasta|[-–—])|(and|und|et|y))\s*$/iu;
const BETWEEN = /(?:between|zwischen|entre)\s+$/iu;
const BETWEEN_CHARS = 12;

/** `3 to 5 days` are no less than 3 and no more than 5. */
function readRangeSide(
  text: string,
  quantities: readonly Quantity[],
  index: number,
): Side | undefined {
  const isRange = (from: Quantity | undefined, to: Quantity | undefined): boolean => {
    if (from === undefined || to === undefined) return false;
    const [joint, and] = RANGE.exec(text.slice(from.unitEnd, to.start)) ?? [];
    const before = text.slice(Math.max(0, from.start - BETWEEN_CHARS), from.start);
    const isJoined = joint !== undefined && (and === undefined || BETWEEN.test(before));
    return isJoined && Number(from.value) < Number(to.value);
  };
  const [before, own, behind] = [quantities[index - 1], quantities[index], quantities[index + 1]];
  if (isRange(before, own)) return "to";
  return isRange(own, behind) ? "from" : undefined;
}

/** `Sie` and `Ihr` have a capital and are no names. */
function isPolite(surface: string): boolean {
  return /^(?:Sie|Ihr(?:e[nmrs]?)?|Ihnen|Usted|Ustedes)$/u.test(surface);
}

/** `500B` of `XR-500B` is no amount. */
export function isModel({ surface, start }: Word, text: string): boolean {
  return (
    /^\p{N}+\p{Lu}+$/u.test(surface) &&
    MODEL.test(text.slice(Math.max(0, start - MODEL_CHARS), start))
  );
}

const MODEL = /\p{Lu}-$/u;
const MODEL_CHARS = 3;

function toNames(words: readonly Word[], text: string): readonly string[] {
  return words.flatMap((word, index) => {
    const { surface, stem } = word;
    if (/^\p{N}+(?:st|nd|rd|th|s)?$/u.test(surface) || isFunctionStem(stem)) return [];
    if (isPolite(surface)) return [];
    const isName = index > 0 && /^\p{Lu}/u.test(surface) && surface.length > 1;
    if (isSmallMonth(surface) || isWeekday(surface)) return [stem];
    if (isModel(word, text)) return [stem];
    return isName || /^\P{L}*\p{L}.*\p{N}/u.test(surface) ? [stem] : [];
  });
}

/** Words that lead over to a sentence and are no part of what it says. */
const LEADING =
  /^(?:yes|beyond|besides|meanwhile|afterwards?|unlike|despite|within|without|among|regarding|depending|unless|upon|thus|hence|therefore|moreover|furthermore|however|instead|otherwise|first|second|third|next|last|overall|according|based|given|note|please|see|ja|nein|daher|deshalb|allerdings|außerdem|zudem|jedoch|laut|gemäß|somit|dabei|ainsi|donc|selon|cependant|oui|según|además|sí|\p{L}{3,}ly)$/iu;

function toOpening(words: readonly Word[], text: string): string | undefined {
  const [first] = words;
  if (first === undefined || isFunctionStem(first.stem)) return undefined;
  const { surface, start, stem } = first;
  const isPlain = /^\p{Lu}\p{L}+$/u.test(surface) && !LEADING.test(surface);
  return isPlain && !/^\s*[,:]/u.test(text.slice(start + surface.length)) ? stem : undefined;
}

const LEANING =
  /^[^\p{L}]*(?:it|its|he|his|she|her|they|their|this|these|that|those|such|both|er|sie|es|ihr|sein|dies\p{L}*|il|elle|ils|elles|ce|cette|ces|su|sus|este|esta|ello)(?!\p{L})/iu;

/** Dates in digits name their month too, in every language that may be answered in. */
export function toMonths(text: string): readonly string[] {
  const names = findDates(text).flatMap(({ readings }) => readings.flatMap(toMonthNames));
  return toWords(names.join(" ")).map(({ stem }) => stem);
}
