/** The validator against one that others wrote, and what it says of values that are not complete. */
import { Validator } from "@cfworker/json-schema";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSchema } from "../../src/json/check-schema.ts";
import { createValidator } from "../../src/json/validate.ts";

const KEYS = ["a", "b", "constructor"] as const;
const anyKey = fc.constantFrom(...KEYS);
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, 2.5, -3, 0.3, "", "a", "ab", "2024-02-29", "😀"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(anyKey, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const count = fc.nat(3);
const { schema: anySchema } = fc.letrec<{ schema: object | boolean }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.boolean(),
    fc.record({ type: fc.constantFrom("object", "array", "string", "number", "integer", "null") }),
    fc.record({ type: fc.subarray(["string", "integer", "array"], { minLength: 1 }) }),
    fc.record({ enum: fc.array(anyValue, { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: anyValue }),
    fc.record({ minLength: count, maxLength: count }, { requiredKeys: [] }),
    fc.record(
      { minItems: count, maxItems: count, uniqueItems: fc.boolean() },
      { requiredKeys: [] },
    ),
    fc.record({ minimum: count, exclusiveMaximum: count }, { requiredKeys: [] }),
    fc.record({ multipleOf: fc.constantFrom(0.5, 2, 3) }),
    fc.record({ pattern: fc.constantFrom("^a", "b$", "^\\d{4}", "^.$") }),
    fc.record({ required: fc.uniqueArray(anyKey) }),
    fc.record({ minProperties: count, maxProperties: count }, { requiredKeys: [] }),
    fc.record(
      {
        properties: fc.dictionary(anyKey, tie("schema"), { noNullPrototype: true }),
        additionalProperties: tie("schema"),
      },
      { requiredKeys: [] },
    ),
    fc.record({ items: tie("schema"), prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }, { requiredKeys: [] }), // prettier-ignore
    fc.record({ propertyNames: tie("schema") }),
    fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
    fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("schema") }),
    fc.constant({ $ref: "#/$defs/leaf" }),
  ),
}));
const anyRoot = anySchema.map((schema): object => ({
  allOf: [schema],
  $defs: { leaf: { type: ["string", "null"], maxLength: 1 } },
}));

test("agrees with another validator", () => {
  let valid = 0;
  fc.assert(
    fc.property(anyRoot, anyValue, (schema, value) => {
      expect(checkSchema(schema, 100_000)).toEqual([]);
      const ours = createValidator(schema as never).validate(value).length === 0;
      const other = new Validator(schema, "2020-12", true);
      expect(ours).toBe(other.validate(value).valid);
      valid += Number(ours);
    }),
    { numRuns: 5_000 },
  );
  expect(valid).toBeGreaterThan(500);
});

test("a format nobody knows is no condition", () => {
  const { validate } = createValidator({ type: ["integer", "string"], format: "int64" });
  expect([5, "five"].flatMap((value) => validate(value))).toEqual([]);
});

describe("what is not complete yet", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", minLength: 5, maxLength: 6, pattern: "^[A-Z]" },
      kind: { enum: ["big", "small"] },
      list: { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
      inner: { type: "object", properties: { x: { type: "null" } }, required: ["x", "y"] },
    },
    required: ["name", "kind", "list"],
    additionalProperties: false,
  };
  const { isPrefix } = createValidator(schema);
  test.each<[unknown, readonly string[] | undefined, boolean]>([
    [{}, [], true],
    [{}, undefined, false],
    [{ name: "ab" }, ["name"], true],
    [{ name: "ab" }, [], false],
    [{ name: "abcdefg" }, ["name"], false],
    [{ name: 1 }, ["name"], false],
    [{ kind: "bi" }, ["kind"], false],
    [{ list: [1] }, ["list"], true],
    [{ list: [1] }, [], false],
    [{ list: [1, 2, 3] }, ["list"], false],
    [{ list: ["1"] }, ["list", "0"], false],
    [{ inner: {} }, ["inner"], true],
    [{ inner: { x: null } }, ["inner"], true],
    [{ inner: {} }, [], false],
    [{ other: 1 }, [], false],
  ])("%j, open at %j: %j", (value, open, expected) => {
    expect(isPrefix(value, open)).toBe(expected);
  });
});

test("hundreds of patterns for each of a list's texts end, and usual ones are no trouble", () => {
  const texts = Array.from({ length: 100 }, (_, at) => `${at}${"abcdefghij".repeat(4)}`);
  const check = (pattern: string, count: number): string => {
    const allOf = Array.from({ length: count }, (_, at) => ({ pattern: `${pattern}(!${at})?$` }));
    const schema = { type: "array", items: { type: "string", allOf } };
    expect(checkSchema(schema, 100_000)).toEqual([]);
    return JSON.stringify(createValidator(schema).validate(texts));
  };
  expect(check("^\\d{1,2}[a-j]+", 20)).toBe("[]");
  expect(check("^(\\w?){300}", 20)).toContain("too costly");
});

test("branches over branches end", () => {
  const twice = { $ref: "#/$defs/node" };
  const node = { anyOf: [{ properties: { x: twice } }, { properties: { x: twice } }], not: {} };
  const schema = { $defs: { node }, ...twice };
  expect(checkSchema(schema, 10_000)).toEqual([]);
  let value: unknown = 1;
  for (let depth = 0; depth < 60; depth += 1) value = { x: value };
  const faults = createValidator(schema).validate(value);
  expect(JSON.stringify(faults)).toContain("too costly");
});

/** 8,192 times the same schema for one value. */
function multiply(leaf: object) {
  const doubled = Array.from({ length: 13 }, (_, depth) => {
    const next = { $ref: `#/$defs/a${depth + 1}` };
    return [`a${depth}`, { allOf: [next, next] }] as const;
  });
  return { $ref: "#/$defs/a0", $defs: { ...Object.fromEntries(doubled), a13: leaf } };
}

test.each<readonly [what: string, leaf: object, small: unknown, large: unknown]>([
  ["a long text", { maxLength: 100_000 }, "ab", "ab".repeat(2_000)],
  ["a long list", { uniqueItems: true }, [1, 2], Array.from({ length: 4_000 }, (_, at) => at)],
  [
    "a choice of a large value",
    { enum: [["ab"], ["ab".repeat(2_000)]] },
    ["ab"],
    ["ab".repeat(2_000)],
  ],
  [
    "a large object",
    {},
    { a: 1 },
    Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [at, at])),
  ],
])("branches over branches are dearer for %s", (_, leaf, small, large) => {
  const { validate } = createValidator(multiply(leaf));
  expect(validate(small)).toEqual([]);
  expect(JSON.stringify(validate(large))).toContain("too costly");
});

test("faults name the place and are few", () => {
  const { validate } = createValidator({
    type: "array",
    items: { type: "object", properties: { "a/b": { type: "string" } } },
  });
  const faults = validate(Array.from({ length: 50 }, () => ({ "a/b": 1 })));
  expect(faults).toHaveLength(20);
  expect(faults[0]).toEqual({ pointer: "/0/a~1b", message: "must be string, is number" });
});

test("many places with many faults each are still few faults", () => {
  const required = Array.from({ length: 5_000 }, (_, index) => `p${index}`);
  const { validate } = createValidator({
    items: { required, enum: required.map((p) => ({ [p]: 1 })) },
  });
  expect(validate(Array.from({ length: 500 }, () => ({ q: 1 })))).toHaveLength(20);
});

test("names of Object are names like others", () => {
  const { validate } = createValidator({ required: ["constructor", "toString"] });
  expect(validate({})).toHaveLength(2);
  expect(validate({ constructor: 1, toString: 2 })).toEqual([]);
});

test.each([
  ["date", "2024-02-29", "2023-02-29"],
  ["time", "23:59:60Z", "24:00:00Z"],
  ["date-time", "2024-02-29T10:00:00+02:00", "2024-02-29 at ten"],
  ["duration", "P1DT2H", "P"],
  ["email", "a.b@example.org", "a@b"],
  ["uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"],
  ["uri", "https://example.org/a", "example"],
  ["ipv4", "10.0.0.255", "10.0.0.256"],
  ["ipv6", "2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:1"],
  ["ipv6", "::1", ":1"],
  ["ipv6", "fe80::", "fe80:::"],
  ["ipv6", "::ffff:10.0.0.1", "::ffff:10.0.0.256"],
  ["ipv6", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8::"],
  ["ipv6", "::", "1::2::3"],
  ["ipv6", "1:2:3:4:5:6:10.0.0.1", "10.0.0.1"],
  ["hostname", "db-1.example.org", "-db.example.org"],
  ["hostname", "localhost", "db..example.org"],
])("the format %s takes %s and not %s", (format, good, bad) => {
  const { validate } = createValidator({ format });
  expect(validate(good)).toEqual([]);
  expect(validate(bad)).toHaveLength(1);
});
