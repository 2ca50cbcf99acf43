import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createWordpiece, UNKNOWN_TOKEN } from "../../../src/models/static/wordpiece.ts";
import { loadStaticTable } from "../../../src/node/load/load-static-table.ts";

interface Case {
  readonly text: string;
  readonly tokens: readonly string[];
}

const cases = JSON.parse(
  readFileSync(new URL("wordpiece-cases.json", import.meta.url), "utf8"),
) as readonly Case[];
const { vocabulary } = await loadStaticTable();
const bundled = createWordpiece(vocabulary);

function rowsOf(text: string, wordpiece = bundled): number[] {
  const rows: number[] = [];
  wordpiece.tokenize(text, rows);
  return rows;
}

function tokensOf(text: string): string[] {
  return rowsOf(text).map((row) => vocabulary[row] ?? "[UNK]");
}

describe("the WordPiece tokenizer", () => {
  it("is judged on enough cases", () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)("splits like the reference: $text", ({ text, tokens }) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it("splits a text the same way when its words come out of the cache", () => {
    const text = cases.map((one) => one.text).join(" ");
    const wordpiece = createWordpiece(vocabulary);
    expect(rowsOf(text, wordpiece)).toEqual(rowsOf(text, wordpiece));
  });

  it("splits the same way after more different words than the cache holds", () => {
    const words = Array.from({ length: 30_000 }, (_, index) => `w${index}`).join(" ");
    const wordpiece = createWordpiece(vocabulary);
    const before = rowsOf("w1 w29999 the", wordpiece);
    rowsOf(words, wordpiece);
    expect(rowsOf("w1 w29999 the", wordpiece)).toEqual(before);
  });

  it("takes the longest piece first, and a word that cannot be spelt as unknown as a whole", () => {
    const tiny = createWordpiece(["un", "una", "##able", "##ff", "##a", "##ffa", "##ble"]);
    expect(rowsOf("unaffable", tiny)).toEqual([1, 5, 6]);
    expect(rowsOf("unaffabled una", tiny)).toEqual([UNKNOWN_TOKEN, 1]);
  });

  it("tells a piece inside a word from the same letters at its start", () => {
    const tiny = createWordpiece(["a", "##a", "#"]);
    expect(rowsOf("aa a ##a", tiny)).toEqual([0, 1, 0, 2, 2, 0]);
  });

  it("takes any string, lone surrogates included, and names only rows that exist", () => {
    const codePoint = fc.oneof(fc.nat(0x7f), fc.nat(0x2fff), fc.nat(0x10ffff));
    fc.assert(
      fc.property(fc.array(codePoint, { maxLength: 300 }), (points) => {
        const rows = rowsOf(String.fromCodePoint(...points));
        const inRange = (row: number) => row >= UNKNOWN_TOKEN && row < vocabulary.length;
        expect(rows.filter((row) => !inRange(row))).toEqual([]);
      }),
    );
  });

  it("finds the words of a text one by one, whatever blanks stand between them", () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9]{1,20}$/u);
    const blank = fc.constantFrom(" ", "\t", "\n", "\r\n", "  ", "\u00a0", "\u3000");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), blank, (words, between) => {
        expect(rowsOf(words.join(between))).toEqual(words.flatMap((one) => rowsOf(one)));
      }),
    );
  });
});
