/** Which sentences deny, and on which side of a number a sentence is. */
import { expect, test } from "vitest";
import { readSide } from "../../src/text/bounds.ts";
import { findNegations, isNegated } from "../../src/text/negation.ts";

test.each([
  "It does not hold.",
  "It doesn't hold.",
  "Das gilt nie.",
  "Ça ne vaut rien.",
  "Il n'est plus là.",
  "Tampoco vale.",
  "Não vale.",
  "Não vale.",
  "Non vale.",
  "Это не так.",
  "لا يجوز",
  "できません",
  "없습니다",
  "禁止吸烟",
])("%s denies", (text) => {
  expect(isNegated(text)).toBe(true);
});

test.each([
  "It holds.",
  "No, it holds.",
  "Nein, das gilt.",
  "The knot is tight.",
  "It runs all night but quietly.",
  "Im Mai gilt das.",
])("%s does not", (text) => {
  expect(isNegated(text)).toBe(false);
});

test("each word that denies is found by itself", () => {
  const text = "It is not sold without a permit.";
  expect(findNegations(text).map((end) => text.slice(0, end))).toEqual([
    "It is not",
    "It is not sold without",
  ]);
});

test.each([
  ["above 5", "from"],
  ["more than the 5", "from"],
  ["at least € 5", "from"],
  ["mindestens 5", "from"],
  ["plus de 5", "from"],
  ["no less than 5", "from"],
  ["within 5", "to"],
  ["no more than 5", "to"],
  ["nicht mehr als 5", "to"],
  ["bis zu 5", "to"],
  ["jusqu'à 5", "to"],
  ["earlier than 5", "to"],
  ["exactly 5", "at"],
  ["5 or more", "from"],
  ["5 years or older", "from"],
  ["5 or under", "to"],
  ["5 days at most", "to"],
  ["5 días como mínimo", "from"],
  ["5 more people", undefined],
  ["above all it has 5", undefined],
  ["discover 5", undefined],
])("%s: %s", (text, side) => {
  const start = text.indexOf("5");
  expect(readSide(text, start, start + 1)).toBe(side);
});
