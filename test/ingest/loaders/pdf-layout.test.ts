/** What stands beside each other on a PDF page: columns of text, and the cells of tables. */
import { describe, expect, test } from "vitest";
import { type PdfTextLine, writePdf } from "../fixtures/pdf-file.ts";
import { load } from "../fixtures/load.ts";
import { toLines } from "../../../ingest/loaders/pdf-lines.ts";
import { findTables } from "../../../ingest/loaders/pdf-tables.ts";

async function read(lines: readonly (string | PdfTextLine)[]): Promise<readonly string[]> {
  const { documents, problems } = await load("a.pdf", writePdf([lines]));
  expect(problems).toEqual([]);
  return documents[0]!.text.split(/\n\n+/);
}

const BREAKER = [
  "A circuit breaker watches the share of the calls",
  "that fail and opens when that share is too large.",
  "While it is open no call is made, and after a",
  "pause a single call is let through to see whether",
  "the other side has recovered since then.",
];
const BUCKET = [
  "Every request takes a token from the bucket, and",
  "waits when the bucket is empty. The size of the",
  "bucket is the largest burst that is let through at",
  "once, and the rate at which it is filled is the",
  "rate that holds over a longer time.",
];
const QUEUE = [
  "A bounded queue refuses work when it is full, so",
  "that those who wait are answered in time. A queue",
  "without a bound grows until nobody who waits in it",
  "still wants the answer, and all of the work that",
  "is done for them is done for nothing.",
];

const WIDE =
  "What spans both of the columns is read before the columns below it, and this line does span them.";

/** Lines at the same height, one beside the other, drawn from left to right. */
function across(
  columns: readonly (readonly string[])[],
  xs: readonly number[],
  size = 8,
): PdfTextLine[] {
  return columns[0]!.flatMap((_, row) =>
    columns.map((lines, column) => ({
      text: lines[row]!,
      size,
      x: xs[column]!,
      gap: column === 0 ? 10 : 0,
    })),
  );
}

describe("columns of text that a file draws across", () => {
  test("are read one after the other, between what spans them", async () => {
    const paragraphs = await read([
      { text: "Overload", size: 20 },
      { text: WIDE, gap: 30, size: 8 },
      { text: "", gap: 20 },
      ...across([BREAKER, BUCKET], [50, 300]),
      { text: WIDE, gap: 30, size: 8 },
    ]);
    expect(paragraphs).toEqual(["Overload", WIDE, BREAKER.join(" "), BUCKET.join(" "), WIDE]);
  });

  test("also three of them, and where the lines are not at the same height", async () => {
    const three = across([BREAKER, BUCKET, QUEUE], [30, 215, 400], 7);
    const texts = [BREAKER, BUCKET, QUEUE].map((lines) => lines.join(" "));
    expect(await read(three)).toEqual(texts);
    const shifted = BREAKER.flatMap((text, row) => [
      { text, size: 8, gap: 5 },
      { text: BUCKET[row]!, size: 8, gap: 5, x: 300 },
    ]);
    expect(await read(shifted)).toEqual(texts.slice(0, 2));
  });

  test("a number below them is not between them", async () => {
    const number = { text: "7", gap: 60, x: 280 };
    const [, , last] = await read([...across([BREAKER, BUCKET], [50, 300]), number]);
    expect(last).toBe("7");
  });
});

test("lines of columns that are drawn one after the other are joined within each", async () => {
  const left = BREAKER.map((text) => ({ text, size: 8, gap: 10 }));
  const right = BUCKET.map((text, row) => ({ text, size: 8, gap: row === 0 ? -40 : 10, x: 300 }));
  const paragraphs = await read([...left, ...right]);
  expect(paragraphs).toEqual([BREAKER.join(" "), BUCKET.join(" ")]);
});

/** Rows of short cells. */
function row(...cells: readonly string[]): PdfTextLine[] {
  return cells.map((text, at) => ({ text, x: 50 + at * 150, gap: at === 0 ? 14 : 0 }));
}

describe("a table", () => {
  test("keeps its rows and cells, with the names above its numbers", async () => {
    const paragraphs = await read([
      WIDE,
      { text: "", gap: 30 },
      ...row("Product", "Price", "In stock"),
      ...row("Copper kettle", "42.50", "17"),
      ...row("Iron skillet", "31.00", "4"),
      { text: "Prices are without tax.", gap: 40 },
    ]);
    expect(paragraphs).toEqual([
      WIDE,
      "| Product | Price | In stock |\n| --- | --- | --- |\n| Copper kettle | 42.50 | 17 |\n| Iron skillet | 31.00 | 4 |",
      "Prices are without tax.",
    ]);
  });

  test("without names has none made up, and an empty cell shifts nothing", async () => {
    const [table] = await read([
      ...row("Germany", "Berlin", "euro"),
      ...row("Denmark", "Copenhagen", "crown"),
      { text: "Kosovo" },
      { text: "euro", x: 350, gap: 0 },
      ...row("a | b", "Bern", "franc"),
    ]);
    expect(table).toBe(
      "| Germany | Berlin | euro |\n| Denmark | Copenhagen | crown |\n| Kosovo |  | euro |\n| a \\| b | Bern | franc |",
    );
  });

  test("whose cells are drawn one by one, each to its last line", async () => {
    const cell = (x: number, up: number, ...lines: readonly string[]): PdfTextLine[] =>
      lines.map((text, at) => ({ text, x, gap: at === 0 ? up : 12 }));
    const [table] = await read([
      ...cell(50, 14, "Plan"),
      ...cell(120, 0, "What is in it"),
      ...cell(380, 0, "Price"),
      ...cell(50, 24, "Basic"),
      ...cell(120, 0, "Ten documents a month and answers by", "mail within two days"),
      ...cell(380, -12, "5 EUR"),
      ...cell(50, 36, "Team"),
      ...cell(120, 0, "Any number of documents and an-", "swers within a day"),
      ...cell(380, -12, "25 EUR"),
    ]);
    expect(table).toBe(
      "| Plan | What is in it | Price |\n| --- | --- | --- |\n| Basic | Ten documents a month and answers by mail within two days | 5 EUR |\n| Team | Any number of documents and answers within a day | 25 EUR |",
    );
  });

  test("is not what a list with marks at its side is, nor two blocks of an address", async () => {
    const items = ["one", "two", "three", "four"].map((text, at) => [
      { text: `${at + 1}.` },
      { text: `The ${text} of them`, x: 80, gap: 0 },
    ]);
    expect((await read(items.flat())).join("\n")).not.toContain("|");
    const block = [...row("Ada Miller", "3 May 2026"), ...row("12 Mill Lane", "4471")];
    expect((await read([...block, { text: "Leeds" }])).join("\n")).not.toContain("|");
  });
});

test("a raised number is no digit of the number before it, one on its line or below is", async () => {
  const raised = (gap: number, size: number, text = "6"): readonly PdfTextLine[] => [
    { text: "About 10", x: 50 },
    { text, x: 94.1, gap, size },
    { text: " cells.", x: 94.1 + 3.9 * text.length, gap: -gap },
  ];
  expect(await read(raised(-4, 7))).toEqual(["About 10^6 cells."]);
  expect(await read(raised(-4, 7, "0.5"))).toEqual(["About 10^0.5 cells."]);
  expect(await read(raised(2, 7))).toEqual(["About 106 cells."]);
  expect(await read(raised(0, 7))).toEqual(["About 106 cells."]);
});

test("entries of an index stay lines", async () => {
  const entries = ["apple", "pear", "plum"].map((name) => `${name} ${".".repeat(60)} 12`);
  expect(await read(entries)).toEqual(["apple … 12\npear … 12\nplum … 12"]);
});

describe("what is much", () => {
  const toItem = (column: number, y: number, hasEOL = false) => ({
    str: "word",
    transform: [10, 0, 0, 10, column * 40, y],
    width: 20,
    height: 10,
    hasEOL,
    fontName: "f",
  });

  // Joined anew with each piece, it takes longer than a test may.
  test("a line of very many pieces is read in about the time of as many short ones", () => {
    const [line, ...others] = toLines(Array.from({ length: 150_000 }, (_, at) => toItem(at, 0)));
    expect(others).toEqual([]);
    expect(line?.cells).toHaveLength(150_000);
    expect(line?.text).toHaveLength(150_000 * "word ".length - 1);
  });

  test("a listing with more columns than a table has is left as it is, however long", () => {
    const rows = Array.from({ length: 900 }, (_, row) =>
      Array.from({ length: 400 }, (_, column) => toItem(column, -12 * row, column === 399)),
    );
    const lines = toLines(rows.flat());
    expect(findTables(lines)).toEqual([{ lines }]);
  });
});

test("notes in the margin follow the text that they stand beside, and bullets stay before theirs", async () => {
  const notes: Readonly<Record<number, string>> = { 1: "See also", 2: "retries" };
  const lines = [...BREAKER, ...BUCKET].flatMap((text, at): PdfTextLine[] => [
    ...(at === 5 ? [{ text: "o", size: 7, x: 40, gap: 14 }] : []),
    { text, x: 60, gap: at === 5 ? 0 : 14 },
    ...(notes[at] === undefined ? [] : [{ text: notes[at], size: 8, x: 400, gap: 0 }]),
  ]);
  const paragraphs = await read(lines);
  expect(paragraphs.slice(-2)).toEqual(["See also", "retries"]);
  const text = paragraphs.slice(0, -2).join(" ").replace(/\s+/g, " ");
  expect(text).toBe(`${BREAKER.join(" ")} o ${BUCKET.join(" ")}`);
});
