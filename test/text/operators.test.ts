import { expect, test } from "vitest";
import { clash } from "../../src/text/operators.ts";
import { toWords, type Word } from "../../src/text/words.ts";

/** The words of a text that count how often they are looked at. */
function watchWords(text: string) {
  let looks = 0;
  const words = toWords(text).map(({ stem, ...word }): Word => ({
    ...word,
    get stem() {
      looks += 1;
      return stem;
    },
  }));
  return { words, read: () => looks };
}

test.each(["all ", "all of the ", "all cats ", "the most "])(
  "a text that is full of '%s' costs no more for each of its words than a short one",
  (phrase) => {
    const looksOf = (times: number): number => {
      const { words, read } = watchWords(phrase.repeat(times));
      expect(clash(words, words)).toBe(false);
      return read();
    };
    expect(looksOf(400)).toBeLessThanOrEqual(10 * looksOf(50));
  },
);
