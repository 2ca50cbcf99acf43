import { stemmer } from "stemmer";
import { expect, test } from "vitest";
import { isDenialOf, oppositesOf } from "../../src/text/opposites.ts";

const opposites = (word: string): readonly string[] => [...oppositesOf(stemmer(word))];

test("each of two opposites has the other", () => {
  const pairs = [
    ["larger", "smaller"],
    ["before", "after"],
    ["whole", "partial"],
    ["curved", "straight"],
    ["advocate", "opponent"],
    ["single", "multiple"],
  ] as const;
  for (const [one, other] of pairs) {
    expect(opposites(one)).toContain(stemmer(other));
    expect(opposites(other)).toContain(stemmer(one));
  }
  expect(opposites("")).toEqual([]);
  expect(opposites("harbour")).toEqual([]);
});

test("a prefix or a suffix denies a word, whatever its form", () => {
  expect(isDenialOf("incomplete", "complete")).toBe(true);
  expect(isDenialOf("harm", "harmless")).toBe(true);
  expect(isDenialOf("unfocused", "focus")).toBe(true);
  expect(isDenialOf("known", "unknown")).toBe(true);
  expect(isDenialOf("until", "til")).toBe(false);
  expect(isDenialOf("income", "come")).toBe(false);
  expect(isDenialOf("interest", "rest")).toBe(false);
});
