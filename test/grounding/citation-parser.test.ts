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
        fc.constantFrom("[1]", "[2, 3]", "[99]", " ", "word", "[", "]", ".", "【1】", "[^2", "7"),
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

  test("no marker that points nowhere ever comes out, at any cut", () => {
    const anyText = fc.stringMatching(/^(\[[0-9, ]{1,6}\]|[a-z. ]){0,12}$/);
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
