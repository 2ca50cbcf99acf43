/** Acronyms that a text spells out: a question about the NDA is answered by a non-disclosure agreement. */
import { isFunctionStem, toWords, type Word } from "./words.ts";

const ACRONYM = /^\p{Lu}{2,5}$/u;
/** Two letters begin two words anywhere. */
const SPELT_CHARS_MIN = 3;

/** The words in capitals: `IT` is one of meaning, though "it" is not. Nothing is told where all letters are capitals. */
export function findAcronyms(text: string): readonly Word[] {
  return /\p{Ll}/u.test(text) ? toWords(text).filter(({ surface }) => ACRONYM.test(surface)) : [];
}

/** Stems of the acronyms whose letters words of the text begin with, one after the other, small words aside. */
export function findSpeltOut(
  acronyms: readonly Word[],
  words: readonly Word[],
  { isTitle }: { readonly isTitle: boolean },
): readonly string[] {
  const wanted = acronyms.filter(({ surface }) => surface.length >= SPELT_CHARS_MIN);
  if (wanted.length === 0) return [];
  // In prose only what is written like a name is one; in a title hardly anything begins by chance with just these letters.
  const initials = words
    .filter(({ stem }) => !isFunctionStem(stem))
    .map(({ surface }) => (isTitle || /^\p{Lu}/u.test(surface) ? surface.slice(0, 1) : " "))
    .join("")
    .toUpperCase();
  return wanted.filter(({ surface }) => initials.includes(surface)).map(({ stem }) => stem);
}
