import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCitationParser, dropNotes } from "../../src/grounding/write/citation-parser.ts";

/** Text with up to three passages in the context → what may be shown. */
const cases: readonly (readonly [string, string])[] = [
  ["It holds [1].", "It holds [1]."],
  ["It holds [1][3].", "It holds [1][3]."],
  ["It holds [1, 3].", "It holds [1][3]."],
  ["It holds [9].", "It holds."],
  ["It holds [0].", "It holds."],
  ["It holds 【0†source】.", "It holds."],
  ["It holds [1][0].", "It holds [1]."],
  ["It is in argv[0] of main [0].", "It is in argv[0] of main."],
  ["It holds [1, 9].", "It holds [1]."],
  ["It holds 【2】.", "It holds [2]."],
  ["It holds [^2].", "It holds [2]."],
  ["It holds [[1]].", "It holds [[1]]."],
  ["It holds [[9]7].", "It holds7]."],
  ["It holds [1[9]2].", "It holds2]."],
  ["It holds [12345].", "It holds [12345]."],
  ["In the years [2019] and [2020].", "In the years [2019] and [2020]."],
  ["It holds [[2019]7].", "It holds [[2019]7]."],
  ["It holds [999].", "It holds."],
  ["The interval [0, 50] is closed.", "The interval [0, 50] is closed."],
  ["It is in `argv[0]`, or `rows[9]` [1].", "It is in `argv[0]`, or `rows[9]` [1]."],
  ["A ``a ` b[9]`` b [9].", "A ``a ` b[9]`` b."],
  ["```rows[9]``` is one [9].", "```rows[9]``` is one."],
  ["A stray ` stays [9].\nAnd ` too [9].", "A stray ` stays.\nAnd ` too."],
  ["An escaped \\`[9]` here.", "An escaped \\`` here."],
  ["Run:\n```js\nx = y[9];\n```\nIt holds [9].", "Run:\n```js\nx = y[9];\n```\nIt holds."],
  ["- Run:\n  ~~~\n  f [9]\n  ```\n  ~~~\n[9]", "- Run:\n  ~~~\n  f [9]\n  ```\n  ~~~\n"],
  ["```\nf [9] has no end", "```\nf [9] has no end"],
  ['{"sizes": [10, 20, 30]}', '{"sizes": [10, 20, 30]}'],
  ["sizes = [10, 20]", "sizes = [10, 20]"],
  ["[[1, 2], [3, 9], [8]]", "[[1, 2], [3, 9], [8]]"],
  ["It is row_ids[1][9], they say[9].", "It is row_ids[1][9], they say."],
  ["队列有界[1]，重试[9]。", "队列有界[1]，重试。"],
  [
    `It holds [${Array.from({ length: 30 }, (_, index) => index + 1).join(", ")}].`,
    "It holds [1][2][3].",
  ],
  ["It holds 【1†source】.", "It holds [1]."],
  ["It holds 【8†source】.", "It holds."],
  ["It holds [1-3].", "It holds [1][2][3]."],
  ["It holds [2–9].", "It holds [2][3]."],
  ["It holds [7-9].", "It holds."],
  ["It holds [1; ^2].", "It holds [1][2]."],
  ["Digits are [0-9], the last is [-1].", "Digits are [0-9], the last is [-1]."],
  ["It holds (1).", "It holds (1)."],
  ["- [ ] to do", "- [ ] to do"],
  ["A list a[i] and [see note] stay.", "A list a[i] and [see note] stay."],
  ["An open [ stays", "An open [ stays"],
  ["An open [12", "An open [12"],
  ["Trailing blanks  ", "Trailing blanks  "],
];

describe("citation parser", () => {
  test.each(cases)("%j becomes %j", (text, expected) => {
    expect(parseAt(text, [])).toBe(expected);
  });

  test("however the text is cut, the same comes out", () => {
    const anyText = fc
      .array(
        fc.constantFrom(
          "[1]",
          "[2, 3]",
          "[99]",
          " ",
          "word",
          "[",
          "]",
          ".",
          "【1】",
          "[^2",
          "7",
          "\n",
          "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, ",
          `[${"1, ".repeat(30)}`, // with the other it is longer than a marker may be
          "😀",
          "`",
          "```",
          "~~~",
          "\\",
          "a_b",
          " = ",
          "[[1, 2], ",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(40)), (text, cuts) => {
        expect(parseAt(text, cuts)).toEqual(parseAt(text, []));
        expect(
          parseAt(
            text,
            Array.from(text, (_, at) => at),
          ),
        ).toEqual(parseAt(text, []));
      }),
      { numRuns: 1_000 },
    );
  });

  test("a label may be cited from the moment it is known", () => {
    const known = new Set([1]);
    const parser = createCitationParser((label) => known.has(label));
    const before = parser.push("One [1], two [2].");
    known.add(2);
    expect(before + parser.push(" Two [2].") + parser.end()).toBe("One [1], two. Two [2].");
  });

  test("half a character is held until its other half comes", () => {
    const parser = createCitationParser(isKnown);
    expect(["A 😀 b".slice(0, 3), "A 😀 b".slice(3)].map((piece) => parser.push(piece))).toEqual([
      "A ",
      "😀 b",
    ]);
  });

  test.each([" ", "[", "[1", "\t[", "`", "`a", "```", "~", "\n ```", "[[1, 2], ", "_", "x_[9]"])(
    "a quarter of a megabyte of %j is read in linear time",
    (unit) => {
      const parser = createCitationParser(isKnown);
      const text = `${unit.repeat(2 ** 18 / unit.length)}x`;
      // Quadratic time would be minutes, and the test would never end.
      expect(parser.push(text) + parser.end()).toBe(text);
    },
  );

  test("no marker that points nowhere ever comes out, at any cut", () => {
    const anyText = fc
      .array(
        fc.constantFrom(
          "†",
          "-",
          "[",
          "]",
          "【",
          "】",
          "7",
          "12345",
          "†",
          "-",
          ", ",
          " ",
          "\n",
          "^",
          "word",
          "[9]",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(40)), (text, cuts) => {
        for (const match of parseAt(text, cuts).matchAll(/\[(\d+)\]/g)) {
          const label = Number(match[1]);
          expect(isKnown(label) || label > 999).toBe(true);
        }
      }),
    );
  });
});

/** A document's sentence → as it is quoted. */
const quotations: readonly (readonly [string, string])[] = [
  [
    "The name is in `argv[0]`, the rest in `argv[1]`.",
    "The name is in `argv[0]`, the rest in `argv[1]`.",
  ],
  ["It must be one of [1, 2, 3].", "It must be one of [1, 2, 3]."],
  ["It lies in [0, 50] milliseconds.", "It lies in [0, 50] milliseconds."],
  ["The list is [0] then.", "The list is [0] then."],
  ["Take rows[1].name or rows[1](x).", "Take rows[1].name or rows[1](x)."],
  ["Set rows[1] = 2.", "Set rows[1] = 2."],
  ["In the years [2019] it grew.", "In the years [2019] it grew."],
  ["A dog[12] barked, they say.[13][14]", "A dog barked, they say."],
  ["A dog barked.[3, 4]", "A dog barked."],
  ["As Smith showed [12].", "As Smith showed."],
  ["It holds [[9]7].", "It holds7]."],
];

describe("notes of a document", () => {
  test.each(quotations)("%j is quoted as %j", (sentence, expected) => {
    expect(dropNotes(sentence)).toBe(expected);
  });
});

function isKnown(label: number): boolean {
  return label >= 1 && label <= 3;
}

function parseAt(text: string, cuts: readonly number[]): string {
  const parser = createCitationParser(isKnown);
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  const parts = places.slice(1).map((to, index) => parser.push(text.slice(places[index], to)));
  return parts.join("") + parser.end();
}
