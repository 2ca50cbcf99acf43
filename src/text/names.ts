/** Which words of a text are names, by their capital: says nothing in scripts without capitals, and in text all in small letters. */
import type { Word } from "./words.ts";

/** Behind these every word has a capital. */
const BEGINNING = /(?:^|[.!?¿¡:"“]\s*)$/u;

/** Has the word a capital that its place in the text does not give it? */
export function isName({ surface, start }: Word, text: string): boolean {
  return /^\p{Lu}/u.test(surface) && /\p{Ll}/u.test(text) && !BEGINNING.test(text.slice(0, start));
}

/** A name, or a word with a number in it: it stands for one thing and no other. */
export function isExact(word: Word, text: string): boolean {
  return isName(word, text) || /\p{N}/u.test(word.surface);
}
