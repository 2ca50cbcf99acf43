import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCitationParser } from "../../src/grounding/citation-parser.ts";

/** Text with up to three passages in the context → what may be shown. */
const cases: readonly (readonly [string, string])[] = [
  ["It holds [1].", "It holds [1]."],
  ["It holds [1][3].", "It holds [1][3]."],
  ["It holds [1, 3].", "It holds [1][3]."],
  ["It holds [9].", "It holds."],
  ["It holds [0].", "It holds."],
  ["It holds [1, 9].", "It holds [1]."],
  ["It holds 【2】.", "It holds [2]."],
  ["It holds [^2].", "It holds [2]."],
  ["It holds [[1]].", "It holds [[1]]."],
  ["It holds [[9]7].", "It holds7]."],
  ["It holds [1[9]2].", "It holds2]."],
  ["It holds [12345].", "It holds."],
  [
    `It holds [${Array.from({ length: 30 }, (_, index) => index + 1).join(", ")}].`,
    "It holds [1][2][3].",
  ],
  ["- [ ] to do", "- [ ] to do"],
  ["A list a[i] and [see note] stay.", "A list a[i] and [see note] stay."],
  ["An open [ stays", "An open [ stays"],
  ["An open [12", "An open [12"],
  ["Trailing blanks  ", "Trailing blanks  "],
];

describe("citation parser", () => {
  test.each(cases)("%j becomes %j", (text, expected) => {
    expect(parseAt(text, []).text).toBe(expected);
  });

  test("however the text is cut, the same comes out, with the same markers", () => {
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
          "😀",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(40)), (text, cuts) => {
        expect(parseAt(text, cuts)).toEqual(parseAt(text, []));
      }),
    );
  });

  test("a marker points at its own place in what came out", () => {
    const { text, markers } = parseAt("First [1]. Second [7]. Third [2, 3].", [3, 8, 20]);
    expect(text).toBe("First [1]. Second. Third [2][3].");
    for (const { start, labels } of markers) {
      expect(text.slice(start)).toMatch(new RegExp(`^\\[${labels[0] ?? ""}\\]`));
    }
    expect(markers.map(({ labels }) => labels)).toEqual([[1], [2, 3]]);
  });

  test("half a character is held until its other half comes", () => {
    const parser = createCitationParser(3);
    expect(
      ["A 😀 b".slice(0, 3), "A 😀 b".slice(3)].map((piece) => parser.push(piece).text),
    ).toEqual(["A ", "😀 b"]);
  });

  test.each([" ", "[", "[1", "\t["])(
    "a quarter of a megabyte of %j is read in linear time",
    (unit) => {
      const parser = createCitationParser(3);
      const text = `${unit.repeat(2 ** 18 / unit.length)}x`;
      // Quadratic time would be minutes, and the test would never end.
      expect(parser.push(text).text + parser.end().text).toHaveLength(text.length);
    },
  );

  test("no marker that points nowhere ever comes out, at any cut", () => {
    const anyText = fc
      .array(
        fc.constantFrom("[", "]", "【", "】", "7", "12345", ", ", " ", "\n", "^", "word", "[9]"),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(40)), (text, cuts) => {
        for (const match of parseAt(text, cuts).text.matchAll(/\[(\d+)\]/g)) {
          expect(Number(match[1])).toBeGreaterThanOrEqual(1);
          expect(Number(match[1])).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});

function parseAt(
  text: string,
  cuts: readonly number[],
): { text: string; markers: readonly { start: number; labels: readonly number[] }[] } {
  const parser = createCitationParser(3);
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  const parts = places.slice(1).map((to, index) => parser.push(text.slice(places[index], to)));
  parts.push(parser.end());
  return {
    text: parts.map((part) => part.text).join(""),
    markers: parts.flatMap((part) => part.markers),
  };
}
