import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { compilePattern, type Pattern } from "../../src/json/pattern.ts";

function compile(source: string): Pattern {
  const pattern = compilePattern(source);
  if (typeof pattern === "string") throw new Error(`${source} ${pattern}`);
  return pattern;
}

const atom = fc.constantFrom(
  "a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "\\s", "\\.", "\\u0061", "\\p{L}", "\\u{1F600}", "^", "$", "\\b",
); // prettier-ignore
const { pattern: anyPattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"))
      .map(([a, quantifier]) => `(${a})${quantifier}`),
    tie("pattern").map((a) => `(?=${a})`),
    tie("pattern").map((a) => `(?!${a})`),
  ),
}));
const anyText = fc.string({
  unit: fc.constantFrom("a", "b", "1", " ", ".", "\n", "é"),
  maxLength: 12,
});

test("agrees with the runtime's own expressions", () => {
  fc.assert(
    fc.property(anyPattern, anyText, (source, text) => {
      expect(compile(source).test(text)).toBe(new RegExp(source, "u").test(text));
    }),
    { numRuns: 3_000 },
  );
});

test("characters beyond the basic plane are one", () => {
  expect(compile("^.$").test("😀")).toBe(true);
  expect(compile("^[^a]\\u{1F600}{2}$").test("b😀😀")).toBe(true);
  expect(compile("^\\ud83d\\ude00+$").test("😀😀")).toBe(true);
});

describe("patterns that ruin a backtracking engine", () => {
  test.each(["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*b", "^(?=(a+)+$).*b", "a*a*a*a*a*a*c"])(
    "%s is over in bounded steps",
    (source) => {
      expect(compile(source).test(`${"a".repeat(2_000)}!`)).toBe(false);
    },
  );

  test("nothing, repeated a billion times, is nothing", () => {
    expect(compile("^(a{0}(){9}){1000000000}$").test("")).toBe(true);
    expect(compilePattern("(?:a?){0,1000000000}")).toBe("counts too far; shorten its repetitions");
  });

  test("a text that is far too long for its pattern does not match", () => {
    expect(compile("^(a?){300}$").test("a".repeat(200_000))).toBe(false);
  });
});

test.each([
  z.email(),
  z.uuid(),
  z.iso.date(),
  z.iso.datetime(),
  z.ipv4(),
  z.cuid2(),
  z.base64(),
  z.e164(),
])("the patterns of zod are taken: %#", (schema) => {
  expect(compilePattern(z.toJSONSchema(schema).pattern ?? "")).toBeTypeOf("object");
});

test.each([
  ["(", "is not a regular expression (ECMAScript, flag u)"],
  ["(a)\\1", "may not refer back to a group"],
  ["(?<x>a)\\k<x>", "may not refer back to a group"],
  ["(?<=a)b", "may not look behind"],
  ["(?<!a)b", "may not look behind"],
  ["(?:a{900}){900}", "counts too far; shorten its repetitions"],
  ["a".repeat(2_001), "may have at most 2000 characters"],
  [`${"(".repeat(900)}a${")".repeat(900)}\\2`, "may not refer back to a group"],
])("%s is refused", (source, reason) => {
  expect(compilePattern(source)).toBe(reason);
});
