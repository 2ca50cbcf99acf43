import { expect, test } from "vitest";
import * as z from "zod";
import { checkSchema } from "../../src/json/check-schema.ts";

const BYTES_MAX = 64 * 1024;
const deep = (levels: number): object =>
  levels === 0 ? { type: "string" } : { properties: { x: deep(levels - 1) } };

test.each<[string, unknown, string, RegExp]>([
  ["no object", [], "", /must be an object/],
  ["a type that is none", { type: "text" }, "/type", /must be of object, array/],
  ["no type at all", { type: [] }, "/type", /must be of/],
  ["an unknown keyword", { properties: { a: { if: {} } } }, "/properties/a/if", /not a keyword/],
  ["keywords of other drafts", { exclusiveMinimum: true }, "/exclusiveMinimum", /number/],
  ["a list where one schema goes", { items: [{}] }, "/items", /must be a schema/],
  ["a schema that is none", { anyOf: [3] }, "/anyOf/0", /must be a schema/],
  ["an empty choice", { enum: [] }, "/enum", /must be a list/],
  ["a negative count", { minLength: -1 }, "/minLength", /whole number/],
  ["a step of nothing", { multipleOf: 0 }, "/multipleOf", /above 0/],
  ["required that is no list", { required: "a" }, "/required", /list of names/],
  ["a remote reference", { $ref: "https://example.org/s" }, "/$ref", /only refer to a place/],
  ["a file's reference", { $ref: "other.json#/a" }, "/$ref", /only refer to a place/],
  ["a reference to nothing", { $ref: "#/$defs/a" }, "/$ref", /no schema/],
  ["a reference to a prototype", { $ref: "#/constructor" }, "/$ref", /no schema/],
  ["a reference to what is unchecked", { $ref: "#/default", default: { type: 3 } }, "/$ref", /no schema/], // prettier-ignore
  ["another base", { $id: "https://example.org" }, "/$id", /not a keyword/],
  ["a format that is no name", { format: 3 }, "/format", /must be a text/],
  ["a pattern that is none", { pattern: "(" }, "/pattern", /regular expression/],
  ["a pattern that refers back", { pattern: "(a)\\1" }, "/pattern", /refer back/],
  ["itself", { $ref: "#" }, "", /leads back to itself/],
  ["a circle", { $defs: { a: { $ref: "#/$defs/b" }, b: { allOf: [{ $ref: "#/$defs/a" }] } } }, "", /leads back/], // prettier-ignore
  ["a value without end", { type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "", /no value ever ends/], // prettier-ignore
  ["a list without end", { type: "array", items: { $ref: "#" }, minItems: 1 }, "", /no value/],
  ["too deep", deep(40), "", /nested deeper than 32/],
  ["too many", { anyOf: Array.from({ length: 1_200 }, () => ({})) }, "", /more than 1000/],
  ["too large", { description: "x".repeat(BYTES_MAX) }, "", /at most 65536 bytes/],
  ["large in bytes", { description: "é".repeat(BYTES_MAX / 2) }, "", /at most 65536 bytes/],
  ["a prototype", JSON.parse('{"properties":{"__proto__":{}}}'), "/properties", /__proto__/],
])("%s is refused", (_name, schema, path, message) => {
  const issues = checkSchema(schema, BYTES_MAX);
  expect(issues[0]?.message).toMatch(message);
  expect(issues.some((issue) => issue.path.startsWith(path))).toBe(true);
});

test("many faults are ten", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`p${index}`, { type: "x" }]),
  );
  expect(checkSchema({ properties }, BYTES_MAX)).toHaveLength(10);
});

const Tree = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree).optional();
  },
});
test.each<[string, unknown]>([
  ["everything", {}],
  ["recursion with an end", { properties: { next: { anyOf: [{ $ref: "#" }, { type: "null" }] } }, required: ["next"] }], // prettier-ignore
  ["a tree of zod", z.toJSONSchema(Tree)],
  ["an object of zod", z.toJSONSchema(z.object({ when: z.iso.date(), mail: z.email(), n: z.int() }))], // prettier-ignore
  ["a record of zod", z.toJSONSchema(z.record(z.string(), z.number()))],
  ["draft 7", { $schema: "http://json-schema.org/draft-07/schema#", definitions: { a: true } }],
  ["formats of generators", { properties: { n: { type: "integer", format: "int64" }, s: { type: "string", format: "password" } } }], // prettier-ignore
  ["a text of zod with conditions", z.toJSONSchema(z.string().lowercase())],
  ["bytes of zod", z.toJSONSchema(z.base64())],
  ["own keywords", { "x-order": 1 }],
  ["deep, but not too deep", deep(30)],
  ["a chain of references", chain(400)],
  ["a chain the other way", chain(400, true)],
])("%s is taken", (_name, schema) => {
  expect(checkSchema(schema, BYTES_MAX)).toEqual([]);
});

function chain(length: number, isReversed = false): object {
  const links = Array.from({ length }, (_, index) => [
    `d${index}`,
    index === length - 1 ? {} : { $ref: `#/$defs/d${index + 1}` },
  ]);
  return { $ref: "#/$defs/d0", $defs: Object.fromEntries(isReversed ? links.toReversed() : links) };
}
