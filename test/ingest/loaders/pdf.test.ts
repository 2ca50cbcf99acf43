import { describe, expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";
import { toLines, toParagraphs } from "../../../ingest/loaders/pdf-lines.ts";
import { type PdfTextLine, writePdf } from "../fixtures/pdf-file.ts";

const WORDS = ["alpha", "beta", "gamma", "delta"];

/** The paragraphs of a PDF of four pages, each made from its word and number. */
async function read(
  toPage: (word: string, number: number) => readonly (string | PdfTextLine)[],
): Promise<readonly string[]> {
  const pages = WORDS.map((word, at) => toPage(word, at + 1));
  const { documents, problems } = await load("a.pdf", writePdf(pages));
  expect(problems).toEqual([]);
  const [document] = documents;
  expect(document!.sections.map(({ page }) => page)).toEqual([1, 2, 3, 4]);
  return document!.text.split(/\n+/);
}

const apart = (text: string, gap = 60): PdfTextLine => ({ text, gap });
/** Where a foot stands in a page whose lines before it took up so many points. */
const foot = (text: string, used: number): PdfTextLine => ({ text, gap: 740 - used });

describe("lines at the edge of pages are facts", () => {
  test("where they differ in a number that does not follow the pages", async () => {
    const totals = [1310, 250, 99, 4000];
    const paragraphs = await read((word, number) => [
      `Goods of kind ${word}`,
      apart(`Total due: ${totals[number - 1]} EUR`),
    ]);
    expect(paragraphs).toEqual(
      WORDS.flatMap((word, at) => [`Goods of kind ${word}`, `Total due: ${totals[at]} EUR`]),
    );
  });

  test("where two numbers differ", async () => {
    const toLine = (number: number): string => `Machine ${number} has ${10 + number} litres.`;
    expect(await read((_, number) => [toLine(number)])).toEqual([1, 2, 3, 4].map(toLine));
    expect(await read((word, number) => [toLine(number), apart(word)])).toEqual(
      WORDS.flatMap((word, at) => [toLine(at + 1), word]),
    );
  });

  test("where a number that rises with the pages is one of its words", async () => {
    expect(await read((word, number) => [`Machine ${number}`, apart(word)])).toEqual(
      WORDS.flatMap((word, at) => [`Machine ${at + 1}`, word]),
    );
  });

  test("where an amount rises with the pages", async () => {
    const toLine = (number: number): string => `Total due: ${1309 + number} EUR`;
    expect(await read((word, number) => [word, foot(toLine(number), 14)])).toEqual(
      WORDS.flatMap((word, at) => [word, toLine(at + 1)]),
    );
  });

  test("where a page has nothing else", async () => {
    expect(await read(() => ["The same sentence."])).toEqual(WORDS.map(() => "The same sentence."));
  });

  test("where they stand among the lines of the text, at the same place on each page or not", async () => {
    const paragraphs = await read((word) => [`Report on ${word}`, "Status: open", `See ${word}.`]);
    expect(paragraphs.join(" ").match(/Status: open/g)).toHaveLength(4);
  });
});

describe("running lines go", () => {
  test("two of a head, and a count of pages at the foot", async () => {
    const paragraphs = await read((word, number) => [
      "The handbook",
      "For internal use",
      apart(`Words about ${word}.`),
      foot(`Page ${number} of 4`, 88),
    ]);
    expect(paragraphs).toEqual(WORDS.map((word) => `Words about ${word}.`));
  });

  test("where they were drawn before the text", async () => {
    const paragraphs = await read((word, number) => [
      foot(`Page ${number} of 4`, 0),
      { text: "The handbook", gap: -740 },
      { text: `Words about ${word}.`, gap: 60 },
    ]);
    expect(paragraphs).toEqual(WORDS.map((word) => `Words about ${word}.`));
  });

  test("but a sentence or a line with a number stays once, where it stands first", async () => {
    const paragraphs = await read((word) => [
      "Valid from 1 May 2025",
      apart(`Words about ${word}.`),
      foot("All prices are without tax.", 74),
    ]);
    const [first, ...others] = WORDS.map((word) => `Words about ${word}.`);
    expect(paragraphs).toEqual([
      "Valid from 1 May 2025",
      first,
      "All prices are without tax.",
      ...others,
    ]);
  });

  const feet: readonly (readonly [string, (number: number) => string])[] = [
    ["a number alone", (number) => `${number}`],
    ["a number between dashes", (number) => `- ${number + 4} -`],
    ["Roman numerals", (number) => ["i", "ii", "iii", "iv"][number - 1]!],
    ["a German word", (number) => `Handbuch, Seite ${number} von 4`],
    ["a fraction", (number) => `${number}/4`],
    ["a number behind a bar", (number) => `The handbook | ${number}`],
    ["the same words", () => "Printed by the office"],
  ];
  test.each(feet)("%s", async (_, toFoot) => {
    const paragraphs = await read((word, number) => [
      `Words about ${word}.`,
      foot(toFoot(number), 14),
    ]);
    expect(paragraphs).toEqual(WORDS.map((word) => `Words about ${word}.`));
  });
});

test("pages without text are named in a warning, and the others are read", async () => {
  const pages = [["one"], [], ["three"], [], [], [], ["seven"]];
  const { documents, problems } = await load("a.pdf", writePdf(pages));
  expect(documents[0]!.text.split(/\n+/)).toEqual(["one", "three", "seven"]);
  expect(documents[0]!.sections.map(({ page }) => page)).toEqual([1, 3, 7]);
  expect(problems).toMatchObject([{ code: "no-text", severity: "warning" }]);
  expect(problems[0]!.message).toContain("a.pdf: pages 2, 4-6 hold no text");
});

test.each(["\\(anonymous\\)", "untitled", "\\(unspecified\\)", "Untitled"])(
  "the title %s of a generator is none",
  async (title) => {
    const { documents } = await load("notes.pdf", writePdf([["words"]], title));
    expect(documents[0]!.title).toBe("notes");
  },
);

test.each([
  ["up", [0, 11, -11, 0], (line: number) => [300 + line * 13, 100]],
  ["down", [0, -11, 11, 0], (line: number) => [300 - line * 13, 700]],
] as const)("lines that run %s the sheet are one paragraph", (_, direction, toPlace) => {
  const words = ["The notice period of a lease", "is three months for both", "parties to it."];
  const lines = toLines(
    words.map((str, line) => ({
      str,
      transform: [...direction, ...toPlace(line)],
      width: 150,
      height: 11,
      hasEOL: true,
      fontName: "f1",
    })),
  );
  expect(toParagraphs(lines, 11).map(({ text }) => text)).toEqual([words.join(" ")]);
});

test("sentences are no heading, however much small print is around them, and an initial is no title", async () => {
  const small = Array.from({ length: 40 }, (_, at) => ({
    text: `cell ${at} of a table of many in small print, each longer than the text`,
    size: 8,
    gap: 10,
  }));
  const lines = [
    { text: "D", size: 40 },
    { text: "2.1 The Model of St. Gallen", size: 16, gap: 60 },
    { text: "\x17The model has two parts. Each of them stands on", size: 11, gap: 40 },
    { text: "its own, and may be left out.", size: 11 },
    ...small.map((line, at) => (at === 0 ? { ...line, gap: 40 } : line)),
  ];
  const { documents } = await load("a.pdf", writePdf([lines]));
  expect(documents[0]!.title).toBe("2.1 The Model of St. Gallen");
  expect(documents[0]!.text).toContain("\n\nThe model has two parts.");
  expect(outline(documents[0]!)).toEqual([
    "p1  | D",
    "p1 2.1 The Model of St. Gallen | 2.1 The Model of St. Gallen",
  ]);
});
