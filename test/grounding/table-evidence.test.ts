/** Claims about a table's rows, wherever the table was cut. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { toEvidence } from "../../src/grounding/check/evidence.ts";
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

const plans = `| Plan | Price | Storage | Support |
| --- | --- | --- | --- |
| Basic | 5 € | 10 GB | Email |
| Pro | 12 € | 100 GB | Chat |
| Business | 29 € | 1 TB | Phone |`;
const list = "Our plans:\n\n- Basic: 5 € a month\n- Pro: 12 € a month";
const budget = "| Item | 2023 | 2024 |\n|---|---|---|\n| Events | 3,100 € | 4,250 € |";
const offices = `## Berlin

| Room | Seats | Projector |
|---|---|---|
| Elbe | 8 | yes |
| Spree | 14 | no |

The office opens at 8:00.

## Lisbon

| Room | Seats | Projector |
|---|---|---|
| Tejo | 6 | yes |
| Sado | 20 | yes |

The office opens at 9:30.`;
const rivers = "The Orla is 212 km long. The Mira is 148 km long and rises in the Halden marsh.";

describe("a claim of several rows", () => {
  test.each([
    [plans, "Basic costs 5 € and Pro costs 12 €."],
    [plans, "There are three plans: Basic for 5 €, Pro for 12 € and Business for 29 €."],
    [plans, "Basic, Pro and Business cost 5 €, 12 € and 29 € respectively."],
    [plans, "The Basic plan is cheaper (5 €) than the Pro plan (12 €)."],
    [plans, "Basic has 10 GB and email support, whereas Business has 1 TB and phone support."],
    [list, "Basic costs 5 € a month and Pro costs 12 € a month."],
    [budget, "Events cost 3,100 € in 2023 and 4,250 € in 2024."],
    [offices, "The Berlin office has two rooms, Elbe with 8 seats and Spree with 14."],
    [offices, "The Berlin office opens at 8:00 and the Lisbon office at 9:30."],
    [rivers, "The Orla is 212 km long and the Mira is 148 km long."],
  ])("is supported where each of them has what is told of it: %#", (text, claim) => {
    expect(checkSentence(claim, [toEvidence(toPassage(1, text))])).toBe("supported");
  });

  test.each([
    [plans, "Basic costs 12 € and Pro costs 5 €."],
    [plans, "The Basic plan costs 5 €, while the Pro plan costs 29 €."],
    [plans, "There are four plans: Basic for 5 €, Pro for 12 € and Business for 29 €."],
    [plans, "Basic and Pro cost 12 €."],
    [plans, "Pro and Basic cost 5 €."],
    [plans, "Basic, Pro and Business cost 12 €, 5 € and 29 € respectively."],
    [plans, "Basic has 10 GB and phone support, whereas Business has 1 TB and email support."],
    [list, "Basic costs 12 € a month and Pro costs 5 € a month."],
    [budget, "Events cost 4,250 € in 2023."],
    [offices, "The Berlin office has two rooms, Elbe with 14 seats and Spree with 8."],
    [offices, "The Berlin office opens at 9:30 and the Lisbon office at 8:00."],
  ])("is unsupported where one of them has what is told of another: %#", (text, claim) => {
    expect(checkSentence(claim, [toEvidence(toPassage(1, text))])).toBe("unsupported");
  });

  test("is not judged where the key of a row looks like several", () => {
    const keys =
      "| Key | Effect |\n|---|---|\n| Enter | asks |\n| Shift and Enter | begins a new line |";
    const evidence = [toEvidence(toPassage(1, keys))];
    expect(checkSentence("The effect of Shift and Enter is a new line.", evidence)).toBe(
      "supported",
    );
  });
});
