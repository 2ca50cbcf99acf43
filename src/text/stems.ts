/** The stems of passages, remembered: the same passages are read again for question after question. */
import { toWords } from "./words.ts";

/** Words remembered in all, about 8 bytes each, for thousands of passages. */
const WORDS_MAX = 1_000_000;

/** In order of use, the longest unused first. */
const known = new Map<string, readonly string[]>();
let held = 0;

/** The stem of every word in order. */
export function toStems(text: string): readonly string[] {
  const found = known.get(text);
  const stems = found ?? toWords(text).map(({ stem }) => stem);
  if (found === undefined) held += stems.length;
  else known.delete(text);
  known.set(text, stems);
  for (const [oldest, words] of known) {
    if (held <= WORDS_MAX) break;
    known.delete(oldest);
    held -= words.length;
  }
  return stems;
}
