/** Headings of plain text. */
import { expect, test } from "vitest";
import { listSections } from "../../src/grounding/sections.ts";
import { splitSentences } from "../../src/text/sentences.ts";
import { findPlainHeadings } from "../../src/text/plain-headings.ts";

const page = (...bodies: readonly string[]): string =>
  bodies.map((body) => body.replace(/^/gmu, "       ")).join("\n\n");

const texts: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "underlined, each mark a level",
    "The manual\n==========\n\nIt begins.\n\nFirst part\n----------\nText.\n\nSecond part\n-----------\nText.",
    ["1 The manual", "2 First part", "2 Second part"],
  ],
  [
    "numbered, by the depth of the number",
    "1. Scope\n1.1 These terms apply to all deliveries of the company and to its services too.\n\n2. Prices\n\n2.1 Discounts\nNone are given.",
    ["2 1. Scope", "2 2. Prices", "3 2.1 Discounts"],
  ],
  ["in capitals", "Foreword here.\n\nNO WARRANTY\n\nIt comes as it is.", ["1 NO WARRANTY"]],
  [
    "further left than the page",
    `NAME\n${page("ls - list")}\n\nOPTIONS\n   Sorting order\n${page("-a, --all", "Exit status:", "Sort entries by size, which may\ntake long.")}`,
    ["1 NAME", "1 OPTIONS"],
  ],
  [
    "below one another on such a page",
    `OPTIONS\n${page("These there are.\nAnd no others.")}\n\n   Sorting order\n${page("By size.\nOr name.")}`,
    ["1 OPTIONS", "2 Sorting order"],
  ],
];
test.each(texts)("headings are found that are %s", (_what, text, headings) => {
  const found = findPlainHeadings(text);
  expect(found.map(({ level, title }) => `${level} ${title}`)).toEqual(headings);
  for (const { start, end, title } of found) expect(text.slice(start, end)).toBe(title);
});

test.each([
  ["the items of a list", "Buy these:\n\n1. Apples\n2. Pears\n3. Plums\n\nThat is all."],
  ["items apart", "1. Apples\n\n2. Pears\n\n3. Plums\n\nThat is all."],
  [
    "an item with more below it",
    "1. Press the button\n\n   It gets red.\n\n2. Wait\n\n   It gets green.",
  ],
  [
    "a numbered paragraph",
    "1. You may copy this text in any form that you like\nand give it away.\n\nAll else is forbidden.",
  ],
  ["a table of contents", "1. Scope ........ 3\n\n2. Prices ....... 4\n\nText."],
  ["a sentence", "HE SAID NO.\n\nThen he left."],
  ["a row", "NAME    PRICE    UNIT\n\nText."],
  ["a line at the end", "Text.\n\nALL RIGHTS RESERVED"],
  ["a wrapped line", "We met the\nWORLD WIDE WEB\nthen."],
  ["an underlined paragraph", `${"It goes on ".repeat(8)}\n${"-".repeat(90)}\n\nText.`],
  ["what a rule further in is below", "The total\n  ---------\n\nText."],
  ["what a much shorter rule is below", "The end of the letter\n---\n\nText."],
  [
    "a numbered paragraph whose next line has a capital",
    "1. You may copy this text in any form that you would ever like, says\nAlice, and give it away.\n\nText.",
  ],
  ["a line of a table of contents", "1. Scope ........ 3\n\nText."],
  ["an item in capitals", "- SAFETY FIRST\n\nText."],
  ["a line of a text in capitals", "ALL OF THIS\n\nIS IN CAPITALS\n\nAND SO ON"],
  ["a line with hardly a letter", "EU 27\n\nText."],
  ["a line above a quotation", "She wrote to him\n\n       Come soon\n\nHe came.\nAnd he stayed."],
  ["a line of a page without a capital", `${page("One.\nTwo.")}\n\nand so on\n${page("Three.")}`],
])("%s is none", (_what, text) => {
  expect(findPlainHeadings(text)).toEqual([]);
});

test.each([
  ["plain text", "1. Scope\n\nAll of them.\n\n2. Prices\n\nNone.", [["1. Scope"], ["2. Prices"]]],
  ["Markdown", "# Terms\n\n1. Scope\n\nAll of them.", [["Terms"]]],
])("sentences of %s stand below its headings", (_what, text, sections) => {
  expect([...new Set(listSections(text, splitSentences(text)))]).toEqual(sections);
});
