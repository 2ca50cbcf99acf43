/** Numbers that belong to a name: `Second World War`, `World War II`, `Henry the Eighth`. Another one is another name. */
import { GERMAN_ORDINALS, ORDINALS } from "./number-words.ts";
import { isFunctionStem, toWords, type Word } from "./words.ts";

const ONES = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
/** By number, from 1 on; where they end, none is the number of a name any more, and `XL` and `CD` are words. */
const ROMAN = Array.from({ length: 39 }, (_, at) => {
  const number = at + 1;
  return "x".repeat(Math.floor(number / ONES.length)) + ONES[number % ONES.length];
});
const ORDINAL_STEMS = toWords(ORDINALS).map(({ stem }) => stem);
/** By number, from 1 on. */
const GERMAN_STEMS = Map.groupBy(
  GERMAN_ORDINALS.map(([word, number]) => ({ number, stem: toWords(word)[0]?.stem ?? word })),
  ({ number }) => number,
);

const ALL_ORDINALS = new Set([
  ...ORDINAL_STEMS,
  ...[...GERMAN_STEMS.values()].flat().map(({ stem }) => stem),
]);

const PLURALS = new Intl.PluralRules("en", { type: "ordinal" });
const SUFFIXES: Readonly<Record<string, string>> = { one: "st", two: "nd", few: "rd" };

/** Stem → the stems of all forms of the same number. A cardinal in words is none: `one of the laws` is not the first. */
const FORMS: ReadonlyMap<string, readonly string[]> = new Map(
  ROMAN.flatMap((roman, at) => {
    const number = at + 1;
    const german = (GERMAN_STEMS.get(number) ?? []).map(({ stem }) => stem);
    const ordinal = [...ORDINAL_STEMS.slice(at, number), ...german];
    const forms = [roman, `${number}${SUFFIXES[PLURALS.select(number)] ?? "th"}`, ...ordinal];
    return forms.map((form) => [form, [...forms, `${number}`]] as const);
  }),
);

/** Is the word there, or the same number in another form? */
export function hasForm(stems: ReadonlySet<string>, stem: string): boolean {
  return stems.has(stem) || (FORMS.get(stem)?.some((form) => stems.has(form)) ?? false);
}

/** Is the word the number of a name, `II` or `Second`? */
export function isNameNumber(words: readonly Word[], at: number, text: string): boolean {
  const { surface = "", stem = "" } = words[at] ?? {};
  if (/^[IVX]+$/u.test(surface)) return FORMS.has(stem) && isRegnal(words, at, text);
  const isOrdinal = ALL_ORDINALS.has(stem) ? /^\p{Lu}/u.test(surface) : SHORT.test(surface);
  return isOrdinal && (isName(words, at + 1, text, at) || isRegnal(words, at, text));
}

/** As far as there are words for them; `13th` and beyond are compared by value alone. */
const SHORT = /^(?:1st|2nd|3rd|[4-9]th|1[0-2]th)$/iu;
/** `I am`, in spite of what stands before it. */
const FIRST_PERSON = /^(?:am|have|would|think|believe)$/iu;

/** Behind a name, `Henry VIII` and `Henry the Eighth`. */
function isRegnal(words: readonly Word[], at: number, text: string): boolean {
  const isAfterThe = /^the$/iu.test(words[at - 1]?.surface ?? "");
  const isSpeaker = words[at]?.surface === "I" && FIRST_PERSON.test(words[at + 1]?.surface ?? "");
  return !isSpeaker && isName(words, at - (isAfterThe ? 2 : 1), text, at);
}

/** Has it a capital and a meaning, with nothing but a blank or an article between it and `at`? */
function isName(words: readonly Word[], index: number, text: string, at: number): boolean {
  const [name, number] = [words[index], words[at]];
  if (name === undefined || number === undefined || !/^\p{Lu}/u.test(name.surface)) return false;
  const [first, last] = index < at ? [name, number] : [number, name];
  const between = text.slice(first.start + first.surface.length, last.start);
  return /^[\s-](?:the\s)?$/iu.test(between) && !isFunctionStem(name.stem);
}
