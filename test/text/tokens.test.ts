import { expect, test } from "vitest";
import { estimateTokens } from "../../src/text/tokens.ts";

/** Exact counts of the o200k tokenizer. */
const CASES: readonly (readonly [text: string, exact: number])[] = [
  ["", 0],
  ["hello world", 2],
  ["The quick brown fox jumps over the lazy dog.", 10],
];

test.each(CASES)("%j is estimated at its tokens or a little above", (text, exact) => {
  expect(estimateTokens(text)).toBeGreaterThanOrEqual(exact);
  expect(estimateTokens(text)).toBeLessThanOrEqual(Math.ceil(exact * 1.5));
});

test("scripts without blanks are not mistaken for one long word", () => {
  expect(estimateTokens("今天天气很好我们去公园吧")).toBeGreaterThanOrEqual(8);
});
