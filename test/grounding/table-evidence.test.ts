/** Claims about a table's rows, wherever the table was cut. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check-sentence.ts";
import { toEvidence } from "../../src/grounding/evidence.ts";
import { toPassage } from "../support/run.ts";

const columns = "| City | Manager | Staff | Revenue 2024 |";
const rows = [
  "| Graz | Dmitri Moreau | 337 | 11.4 million |",
  "| Jaen | Olga Tanaka | 358 | 12.3 million |",
].join("\n");
const whole = toPassage(1, `${columns}\n| --- | --- | --- | --- |\n${rows}`, { title: "Offices" });
const rest = toPassage(1, rows, { title: "Offices", location: { headings: [], columns } });

describe.each([
  ["with the names of its columns above it", whole],
  ["with those names in the passage before", rest],
])("a row %s", (_, passage) => {
  test.each([
    ["The manager in Graz is Dmitri Moreau.", "supported"],
    ["The revenue of Jaen in 2024 was 12.3 million.", "supported"],
    ["The manager in Graz is Olga Tanaka.", "unsupported"],
    ["Graz had a staff of 358.", "unsupported"],
    ["The revenue of Jaen in 2024 was 11.4 million.", "unsupported"],
  ])("%s %s", (claim, verdict) => {
    expect(checkSentence(claim, [toEvidence(passage)])).toBe(verdict);
  });
});

test("the names of columns are no statement, and rows of many columns are read once", () => {
  const { sentences } = toEvidence(whole);
  expect(sentences.map(({ start }) => whole.text.slice(start, start + 6))).toEqual([
    "| Graz",
    "| Jaen",
  ]);
  const wide = `| ${"Name | ".repeat(200)}`;
  const read = toEvidence(toPassage(1, `${wide}\n|---|\n| Graz |`)).sentences;
  expect(read.map(({ stems }) => [...stems])).toEqual([["graz"]]);
});
