import { describe, expect, test } from "vitest";
import { compareSpelling, SPELT_ALIKE_MIN, toSpelling } from "../../src/text/spelling.ts";

function compare(a: string, b: string): number {
  return compareSpelling(toSpelling(a), toSpelling(b));
}

describe("spelling", () => {
  test.each([
    ["neolithic", "noelithic"],
    ["canonballs", "cannonballs"],
    ["registro", "registrado"],
    ["entwicklung", "entwicklungen"],
  ])("%s and %s are forms of one word", (a, b) => {
    expect(compare(a, b)).toBeGreaterThanOrEqual(SPELT_ALIKE_MIN);
    expect(compare(a, b)).toBe(compare(b, a));
    expect(compare(a, b)).toBeLessThan(1);
  });

  test.each([
    ["accelerate", "calculate"],
    ["spanish", "scottish"],
    ["seven", "eleven"],
    ["war", "wars"],
    ["", ""],
  ])("%s and %s are not", (a, b) => {
    expect(compare(a, b)).toBeLessThan(SPELT_ALIKE_MIN);
  });

  test("a word is wholly like itself, also where it repeats its letters", () => {
    expect(compare("banana", "banana")).toBe(1);
  });
});
