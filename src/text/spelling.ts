/** How alike two words are written: finds the misspelt and the inflected, in any language with letters and blanks. */

/** Shorter words are alike too easily. */
const CHARS_MIN = 4;
/** From here on two words are taken for forms of one. */
export const SPELT_ALIKE_MIN = 0.6;

/** A word made ready to be compared. */
export type Spelling = ReadonlyMap<string, number>;

/** The pairs of neighbouring characters of a folded word, its beginning counted as one, each with how often it is there. */
export function toSpelling(word: string): Spelling {
  const pairs = new Map<string, number>();
  if (word.length < CHARS_MIN) return pairs;
  let previous = "^";
  for (const character of word) {
    const pair = previous + character;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    previous = character;
  }
  return pairs;
}

/** Share of their pairs that two words have in common, from 0 to 1 (Dice's coefficient); 0 for short ones. */
export function compareSpelling(a: Spelling, b: Spelling): number {
  let [common, all] = [0, 0];
  for (const [pair, count] of a) {
    common += Math.min(count, b.get(pair) ?? 0);
    all += count;
  }
  for (const count of b.values()) all += count;
  return all === 0 ? 0 : (2 * common) / all;
}
