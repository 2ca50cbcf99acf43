/** The reader at every split: what it gives only grows, and ends as what JSON.parse gives. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createJsonFinder } from "../../src/json/find-json.ts";
import { createJsonReader } from "../../src/json/json-reader.ts";
import { isBeginning } from "../support/grows.ts";

const anyObject = fc.dictionary(
  fc.string({ unit: "grapheme" }).filter((key) => key !== "__proto__" && key.isWellFormed()),
  fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
  { noNullPrototype: true },
);

test("at every split values only grow, and the last is that of JSON.parse", () => {
  fc.assert(
    fc.property(anyObject, fc.constantFrom(0, 2), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      // Keys that look like numbers are sorted by every reader; growth is seen on the others.
      fc.pre(!/"\d+":/.test(text) && !/\d{16,}|e[+-]?\d{3}/.test(text) && text.length < 600);
      const reader = createJsonReader();
      let before: unknown = {};
      for (const unit of text.split("")) {
        reader.push(unit);
        expect(reader.fault).toBeUndefined();
        const now: unknown = JSON.parse(JSON.stringify(reader.value ?? {}));
        expect(isBeginning(before, now)).toBe(true);
        before = now;
      }
      expect(reader.isComplete).toBe(true);
      expect(reader.open).toBeUndefined();
      expect(reader.value).toEqual(JSON.parse(text));
      const whole = createJsonReader();
      whole.push(text);
      expect(whole.value).toEqual(reader.value);
    }),
    { numRuns: 400 },
  );
});

test("says what is open", () => {
  const reader = createJsonReader();
  const seen = ['{"a', '":', "[1", ",", '{"b":"x', '"', "}", "]", ',"c":tru', "e}"].map((piece) => {
    reader.push(piece);
    return reader.open?.join("/");
  });
  expect(seen).toEqual(["", "", "a", "a", "a/1/b", "a/1", "a", "", "", undefined]);
  expect(reader.value).toEqual({ a: [1, { b: "x" }], c: true });
});

describe("stricter than JSON.parse", () => {
  test.each([
    ['{"a":1,"a":2}', "a key twice"],
    ['{"a":1,"\\u0061":2}', "a key twice"],
    ['{"__proto__":{"x":1}}', "__proto__"],
    ['{"\\u005f_proto__":1}', "__proto__"],
    ['{"a":1e999}', "too large"],
    ['{"a":12345678901234567890}', "beyond 2^53"],
    ['{"a":"\\ud83d"}', "half a character"],
    ['{"a":"x\ny"}', "control character"],
    ['{"a":"\\x41"}', "escape"],
    ['{"a":"\\u00zz"}', "escape"],
    ['{"a":01}', "word"],
    ['{"a":NaN}', "word"],
    ['{"a":undefined}', "word"],
    ['{"a":1,}', "a key in double quotes"],
    ['{"a":[1,]}', "a value"],
    ["{'a':1}", "a key in double quotes"],
    ['{"a" 1}', "a colon"],
    ['{"a":1 2}', "a comma"],
    ['{"a":[1}', "a comma"],
    ["{,}", "a key"],
    [`{"a":${"[".repeat(100)}`, "nested deeper than 64"],
    [`{"a":${"9".repeat(500)}`, "without end"],
  ])("%s", (text, fault) => {
    const reader = createJsonReader();
    reader.push(text);
    expect(reader.fault).toContain(fault);
    expect(reader.isComplete).toBe(false);
    expect(Object.getPrototypeOf(reader.value ?? {})).toBe(Object.prototype);
  });

  test("names of Object are keys like others", () => {
    const reader = createJsonReader();
    reader.push('{"constructor":1,"toString":{"hasOwnProperty":"x"}}');
    expect(reader.value).toEqual({ constructor: 1, toString: { hasOwnProperty: "x" } });
  });
});

test("ten megabytes are read in one pass", () => {
  const reader = createJsonReader();
  reader.push('{"a":"');
  const piece = "x".repeat(1_000);
  for (let index = 0; index < 10_000; index += 1) reader.push(piece);
  reader.push('"}');
  expect(String(reader.value?.["a"]).length).toBe(10_000_000);
});

test("what follows the object is not looked at", () => {
  const reader = createJsonReader();
  reader.push('{"a":1}{"b":2} and words');
  expect(reader).toMatchObject({ value: { a: 1 }, isComplete: true });
});

describe("where the JSON begins", () => {
  test.each([
    ['{"a":1}', '{"a":1}'],
    ['```json\n{"a":1}\n```', '{"a":1}\n```'],
    ['Here it is:\n\n```\n{"a":1}', '{"a":1}'],
    ['<think>a {"b":2} first</think>\n{"a":1}', '{"a":1}'],
    ["no object at all", ""],
    ["<think>never over {", ""],
    ['The keys are {found, value}:\n{"a":1}', '{"a":1}'],
    ['<thinking>{x} {"b":2}</thinking> { "a":1}', '{ "a":1}'],
    ['Sure.\n<think>{"b":2}</think>\n{"a":1}', '{"a":1}'],
    ["nothing in it: {}", "{}"],
    [`<think>${"x".repeat(100_000)}</think>{"a":1}`, '{"a":1}'],
    [`${"x".repeat(300_000)}{"a":1}`, ""],
  ])("%#: cut anywhere", (text, expected) => {
    const finder = createJsonFinder();
    const found = text.split("").map((unit) => finder.push(unit)).join(""); // prettier-ignore
    expect(found).toBe(expected);
    expect(finder.isFound).toBe(expected !== "");
  });
});
