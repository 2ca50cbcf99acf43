import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkJson } from "../../../src/http/request/check-json.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("agrees with JSON.parse on every JSON value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(checkJson(JSON.stringify(value, undefined, indent), 64)).toBeUndefined();
    }),
  );
});

test("agrees with JSON.parse on texts that are nearly JSON", () => {
  const nearly = fc
    .array(
      fc.constantFrom(
        ...Array.from('{}[]:,"a\\u1e-+.0 \n'),
        "true",
        '"k"',
        "null",
        "-1",
        "\u2028",
        "\u001f",
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(nearly, (text) => {
      expect(checkJson(text, 64) === undefined).toBe(isJson(text));
    }),
    { numRuns: 3000 },
  );
});

test("agrees with JSON.parse after one character was put in or taken out", () => {
  const damaged = fc
    .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom("", ",", '"', "}", "x", "\\", "\t", "0"))
    .map(([value, place, piece]) => {
      const text = JSON.stringify(value);
      const at = place % (text.length + 1);
      return text.slice(0, at) + piece + text.slice(piece === "" ? at + 1 : at);
    });
  fc.assert(
    fc.property(damaged, (text) => {
      expect(checkJson(text, 64) === undefined).toBe(isJson(text));
    }),
    { numRuns: 2000 },
  );
});

const faults: readonly (readonly [string, number, number, string])[] = [
  ["", 1, 1, "expected a value, but the text ends here"],
  ["{\n  a: 1\n}", 2, 3, 'expected a key in double quotes or "}", but something else is here'],
  ['{"a" 1}', 1, 6, 'expected a ":", but something else is here'],
  ["[1,]", 1, 4, "expected a value, but something else is here"],
  ["[1 2]", 1, 4, 'expected a "," or the end of the list or object, but something else is here'],
  ["[1}", 1, 3, 'expected a "," or the end of the list or object, but something else is here'],
  ["1 1", 1, 3, "nothing may follow the value"],
  ["[[[[]]]]", 1, 5, "nested deeper than 3 levels"],
];
test.each(faults)("%j stops being JSON at line %i, column %i", (text, line, column, message) => {
  expect(checkJson(text, 3)).toEqual({ line, column, message });
});

test("a long text is checked in linear time and without recursion", () => {
  const text = `${"[".repeat(100_000)}"${"é".repeat(500_000)}"${"]".repeat(100_000)}`;
  expect(checkJson(text, 1_000_000)).toBeUndefined();
});
