import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";

/** A file of these words, with Word's and somebody's own styles. */
const toRtf = (body: string): string =>
  String.raw`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Calibri;}{\f1\froman\fcharset204 Times;}{\f2\fnil\fcharset128 MS Mincho;}}{\stylesheet{\ql Normal;}{\s3\qj\sbasedon0 Body Text;}{\s15\keepn heading 1;}{\s16\outlinelevel1\b Abschnitt;}{\*\cs10 Default Paragraph Font;}}{\info{\title The \'84RTF\'93 Handbook}{\author Ann}}${body}}`;

async function loadOne(content: string | Uint8Array) {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const { documents, problems } = await load("a.rtf", bytes);
  expect(problems).toEqual([]);
  expect(documents).toHaveLength(1);
  return documents[0]!;
}

test("a file of LibreOffice keeps headings, notes, tables and lists", async () => {
  const file = readFileSync(new URL("../fixtures/handbook.rtf", import.meta.url));
  const document = await loadOne(file);
  expect(document.title).toBe("The Supplier Handbook");
  expect(document.text.split("\n\n").slice(2)).toEqual([
    "# Contracts",
    "A contract runs for two years. It ends in 10^6 days.",
    "Unless it is renewed.",
    "## Prices",
    "| Plan | Price |\n| --- | --- |\n| Team | 10–20 |\n| Solo | 3 |",
    "- first item\n  - nested item\n- second item\n1. step one\n2. step two",
    "Prüfung in Zürich: 日本語.",
  ]);
});

test("headings are told by what their styles are, the title by the file", async () => {
  const body = String.raw`\pard\s15 Contracts\par\pard\s3 A body of style 3.\par\pard\s16 Prices\par\pard\s3 More.\par`;
  const document = await loadOne(toRtf(body));
  expect(document.title).toBe("The „RTF“ Handbook");
  expect(outline(document)).toEqual(["Contracts | # Contracts", "Contracts › Prices | ## Prices"]);
  expect(document.text).toBe("# Contracts\n\nA body of style 3.\n\n## Prices\n\nMore.");
});

test.each([
  ["a path with backslashes", String.raw`C:\\s3\\v`, String.raw`C:\s3\v`],
  ["dashes and bullets by name", String.raw`10\endash 20 a\emdash b \bullet  c`, "10–20 a—b • c"],
  [
    "blanks and hyphens that do not break",
    String.raw`5\~km 555\_1234 hy\-phen`,
    "5 km 555-1234 hyphen",
  ],
  [
    "letters of several code pages",
    String.raw`\'e9{\f1 \'cc\'e8\'f0} {\f2 \'93\'fa\'96\'7b} \u8364?`,
    "éМир 日本 €",
  ],
  [
    "hidden words",
    String.raw`Seen {\v hidden {\b bold} too }and {\v0 shown} end`,
    "Seen and shown end",
  ],
  [
    "words that are hidden up to a word",
    String.raw`Seen \v hidden \v0 and shown`,
    "Seen and shown",
  ],
  ["what was deleted", String.raw`Was {\deleted gone }kept`, "Was kept"],
  [
    "words right behind what goes",
    String.raw`\b\v0 Bold\b0\~end \b\_5\b0\v hidden\v0 , \i\s3 x`,
    "Bold end -5, x",
  ],
  ["an entry of an index", String.raw`Term{\xe {\v Term, index}} ends`, "Term ends"],
  [
    "words on both sides of a break of page, section or column",
    String.raw`one\page two\sect three\column four`,
    "one\n\ntwo\n\nthree\n\nfour",
  ],
  ["a picture", String.raw`Before {\pict\pngblip 89504e47} after`, "Before  after"],
  ["bytes between the words", "Before {\\pict\\bin5 }}{\\v} after", "Before  after"],
])("%s", async (_, words, text) => {
  expect((await loadOne(toRtf(String.raw`\pard ${words}\par`))).text).toBe(text);
});

test("a file that is none, and one that is nested without end, are refused", async () => {
  const none = await load("a.rtf", "PK these are only words");
  expect(none.problems).toMatchObject([
    { code: "damaged", message: expect.stringContaining("no RTF") },
  ]);
  const deep = await load("a.rtf", `{\\rtf1 ${"{".repeat(100_000)}x${"}".repeat(100_000)}}`);
  expect(deep.problems).toMatchObject([{ code: "damaged" }]);
});

test("a file that was cut short is read as far as it goes, and said to be cut", async () => {
  const whole = toRtf(String.raw`\pard First.\par\pard Second.\par`);
  const { documents, problems } = await load("a.rtf", whole.slice(0, whole.indexOf("Second") + 3));
  expect(documents[0]!.text).toContain("First.");
  expect(problems).toMatchObject([{ code: "damaged", severity: "warning" }]);
  expect((await load("a.rtf", `${whole}\r\n\0`)).problems).toEqual([]);
});
