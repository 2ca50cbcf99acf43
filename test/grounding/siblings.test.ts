import { expect, test } from "vitest";
import { createSiblingTest } from "../../src/grounding/extract/siblings.ts";
import { toWords } from "../../src/text/words.ts";
import { toPassage } from "../support/run.ts";

function isOfSibling(question: string, text: string, title: string): boolean {
  const passage = toPassage(1, text, { title });
  const place = { passage, position: 0, start: 0, end: text.length, section: [] };
  return createSiblingTest(question)({ ...place, text, words: toWords(text) });
}

test.each([
  ["How heavy is the NW-300?", "It weighs 2.1 kg.", "NW-500 manual", true],
  ["How heavy is the NW-300?", "It weighs 1.4 kg.", "NW-300 manual", false],
  ["How heavy is the NW-300?", "It weighs 1.4 kg.", "Torque meters", false],
  ["How heavy is the NW-300?", "The NW-300 weighs less.", "NW-500 manual", false],
  ["How heavy is the NW-300?", "It weighs 1.4 kg.", "NW-300 and NW-500", false],
  ["How many days of leave were there in 2019?", "There are 28 days.", "Handbook 2025", true],
  ["How many days of leave are there?", "There are 28 days.", "Handbook 2025", false],
  ["How many of 12 rooms are free?", "Four rooms are free.", "Minutes of 14 March", false],
])("%s | %s | %s", (question, text, title, expected) => {
  expect(isOfSibling(question, text, title)).toBe(expected);
});

test("a row is about the year that a column is named by", () => {
  const title = "Report 2025";
  const text = "| Graz | 11 | 12 |";
  const [header, row] = ["| City | 2024 | 2025 |", text].map((line) => ({
    passage: toPassage(1, text, { title }),
    position: 0,
    start: 0,
    end: text.length,
    section: [],
    text: line,
    words: toWords(line),
  }));
  if (header === undefined || row === undefined) throw new Error("there is no row");
  const isOfSibling = createSiblingTest("What was sold in Graz in 2024?");
  expect(isOfSibling({ ...row, header })).toBe(false);
  expect(isOfSibling(row)).toBe(true);
});
