/** The stems of passages, remembered: the same passages are read again for question after question. */
import { toWords } from "./words.ts";

/** Words remembered in all, about 8 bytes each, for thousands of passages. */
const WORDS_MAX = 2_000_000;
/** What a text costs beside its words, in words: questions are short, and there is no end of them. */
const TEXT_WORDS = 32;

/** What was read of late, and what was before it. Cheaper than an order of use, which every look would change. */
let recent = new Map<string, readonly string[]>();
let earlier: typeof recent = new Map();
let held = 0;

/** The stem of every word in order. */
export function toStems(text: string): readonly string[] {
  const known = recent.get(text);
  if (known !== undefined) return known;
  const stems = earlier.get(text) ?? toWords(text).map(({ stem }) => stem);
  const cost = stems.length + TEXT_WORDS;
  if (held + cost > WORDS_MAX / 2) {
    earlier = recent;
    recent = new Map();
    held = 0;
  }
  recent.set(text, stems);
  held += cost;
  return stems;
}
