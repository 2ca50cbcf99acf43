import { describe, expect, test } from "vitest";
import { holdsMeasure, readMeasure, toMeasuredStems } from "../../src/text/measures.ts";
import { toWords } from "../../src/text/words.ts";

function tells(question: string, text: string): boolean {
  const measure = readMeasure(question);
  if (measure === undefined) return false;
  const stems = toMeasuredStems({ words: toWords(text), text }, measure);
  return !measure.asked.isDisjointFrom(stems);
}

describe("what a measure is called in an answer", () => {
  test.each([
    ["How heavy is it?", "Weight: 1.4 kg"],
    ["How heavy is it?", "It weighs two kilograms."],
    ["How heavy is it?", "It is 5 kg heavy."],
    ["How expensive is it?", "The price is 5 euros."],
    ["How much does it cost?", "Price: 12"],
    ["What does it weigh?", "Weight: 3 kg"],
    ["How accurate is it?", "Accuracy: 0.5 %"],
    ["Wie schwer ist sie?", "Gewicht: 2 kg"],
    ["Was kostet sie?", "Preis: 129 €"],
    ["Combien pèse-t-elle ?", "Poids : 68 kg"],
    ["Combien coûte-t-elle ?", "Prix : 449 €"],
  ])("%s is told by: %s", (question, text) => {
    expect(tells(question, text)).toBe(true);
  });

  test.each([
    ["How heavy is it?", "It was made for heavy machinery."],
    ["How heavy is it?", "It is 3 m long."],
    ["Who made heavy machinery?", "The weight is 3 kg."],
    ["Why did the price rise?", "It cost more."],
  ])("%s is not told by: %s", (question, text) => {
    expect(tells(question, text)).toBe(false);
  });
});

test.each([
  ["How heavy is it?", "It carries 120 kg.", true],
  ["How heavy is it?", "It carries 120 people.", false],
  ["How long does it take?", "It takes six months.", true],
  ["Wie lang ist die Frist?", "Die Frist beträgt sechs Monate.", true],
  ["How loud is it?", "It makes 52 dB(A).", true],
])("an amount of what is asked for, %s: %s", (question, text, holds) => {
  const measure = readMeasure(question);
  expect(measure && holdsMeasure(text, measure)).toBe(holds);
});
