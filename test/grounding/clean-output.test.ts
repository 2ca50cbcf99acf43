import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createOutputCleaner } from "../../src/grounding/write/clean-output.ts";
import { createSourceLinks } from "../../src/grounding/write/source-links.ts";
import { createJsonReader } from "../../src/json/json-reader.ts";
import { isBeginning } from "../support/grows.ts";
import { toPassage } from "../support/run.ts";

const SECRET = "5b1f0c9e-canary";
const links = createSourceLinks();
links.add([toPassage(1, "x", { metadata: { url: "https://docs.example.org/q" } })]);
const schema = { properties: { kind: { enum: ["<b>", "plain"] } } };
const createCleaner = () => createOutputCleaner({ schema, links, secrets: [SECRET] });

const FRAGMENTS = [
  "![x](https://evil.example/?q=", ")", "<img src=x>", "<", "a", " ", "b.", "[t](javascript:x)", "\u200b",
  "https://docs.example.org/q", "https://evil.example", "www.evil.example", "😀", "`", "\n```\n", "data:text/html", "\\",
]; // prettier-ignore
const anyText = fc
  .array(fc.constantFrom(...FRAGMENTS), { maxLength: 6 })
  .map((parts) => parts.join(""));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    anyText,
    fc.constantFrom(1, true, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { noNullPrototype: true }),
  ),
}));
const anyObject = fc.record(
  { a: anyValue, kind: fc.constantFrom("<b>", "plain"), z: anyValue },
  { requiredKeys: [], noNullPrototype: true },
);
const DANGER = /!\[|\]\(https?:\/\/evil|<img|https:\/\/evil|\]\(javascript:/;

test("at every cut what is shown is harmless, and only grows into what is shown last", () => {
  const clean = createCleaner();
  fc.assert(
    fc.property(anyObject, (object) => {
      const reader = createJsonReader();
      let before: unknown = {};
      for (const unit of JSON.stringify(object).split("")) {
        reader.push(unit);
        const { value, faults } = clean(reader.value, reader.open);
        expect(faults).toEqual([]);
        expect(isBeginning(before, value)).toBe(true);
        expect(JSON.stringify(value)).not.toMatch(DANGER);
        before = value;
      }
      expect(before).toEqual(clean(object, undefined).value);
    }),
    { numRuns: 150 },
  );
});

test("a choice of the schema stays as it is, and is not shown by halves", () => {
  const clean = createCleaner();
  expect(clean({ kind: "<" }, ["kind"]).value).toEqual({});
  expect(clean({ kind: "<b>" }, []).value).toEqual({ kind: "<b>" });
  expect(clean({ kind: "<i>" }, []).value).toEqual({ kind: "< i>" });
  expect(clean({ other: "<b>" }, []).value).toEqual({ other: "< b>" });
});

test.each<[unknown, readonly string[] | undefined, string]>([
  [{ a: "harmless text" }, undefined, "none"],
  [{ a: SECRET }, undefined, "certain"],
  [{ a: "5b1f", b: "0c9e", c: ["can", "ary"] }, undefined, "certain"],
  [{ a: "5b1f in between 0c9e-canary, no more" }, undefined, "none"],
  [["5b1f", "0c9e", "can", "ary"], undefined, "certain"],
  [{ [SECRET]: 1 }, undefined, "certain"],
  [{ a: "so far 5b1f0c" }, ["a"], "possible"],
])("%j, open at %j: a leak is %s", (value, open, leak) => {
  expect(createCleaner()(value, open).leak).toBe(leak);
});
