/** Values made from a published JSON Schema: fitting ones, nearly fitting ones, and hostile ones. */
import * as fc from "fast-check";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
}
type Schemas = Readonly<Record<string, Schema>>;

const DEPTH_MAX = 4;
const ITEMS_MAX = 3;
const CHARS_MAX = 60;

/** Values that fit the schema. */
export function fitting(schema: Schema, schemas: Schemas, depth = 0): fc.Arbitrary<unknown> {
  const inner = (some: Schema): fc.Arbitrary<unknown> => fitting(some, schemas, depth + 1);
  if (schema.$ref !== undefined) {
    return inner(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  }
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) {
    // The later forms of a recursive schema are its leaves.
    return fc.oneof(...(depth > DEPTH_MAX ? branches.slice(-1) : branches).map(inner));
  }
  const types = [schema.type ?? "any"].flat();
  return fc.oneof(...types.map((type) => (MAKERS[type] ?? makeAny)(schema, inner, depth)));
}

type Maker = (
  schema: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
  depth: number,
) => fc.Arbitrary<unknown>;

const makeAny: Maker = () => fc.jsonValue({ maxDepth: 2 });
const MAKERS: Readonly<Record<string, Maker>> = {
  object: toObject,
  array: ({ items = {}, minItems = 0, maxItems = ITEMS_MAX }, inner) =>
    fc.array(inner(items), { minLength: minItems, maxLength: Math.min(maxItems, ITEMS_MAX) }),
  string: toText,
  integer: ({ minimum = -1_000_000, maximum = 1_000_000 }) =>
    fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) }),
  number: ({ minimum = -1e9, maximum = 1e9 }) =>
    fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
};

/** The same with one place of it changed: a field gone, added, of another type, out of its limits. */
export function nearlyFitting(schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      fitting(schema, schemas),
      fc.nat(1_000),
      hostile(),
      fc.constantFrom("set", "drop", "add"),
    )
    .map(([value, at, other, how]) => {
      const copy: unknown = structuredClone(value);
      const places = listPlaces(copy);
      const place = places[at % places.length];
      if (place === undefined) return other;
      const [holder, key] = place;
      if (how === "add") holder["surplus"] = other;
      else if (how === "drop") delete holder[key];
      else holder[key] = other;
      return copy;
    });
}

/** What nobody should send. */
export function hostile(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom<unknown>(
      null,
      -1,
      1e308,
      2 ** 53,
      "",
      " ",
      "\u0000",
      "\ud800",
      "__proto__",
      "'; drop table",
      "../../etc/passwd",
      "x".repeat(10_000),
      [],
      {},
      [[[[[[[[[[]]]]]]]]]],
    ),
    fc.constant(JSON.parse('{"__proto__": {"question": "?"}, "constructor": {"prototype": 1}}')),
    fc.string({ unit: "binary", maxLength: CHARS_MAX }),
    fc.jsonValue({ maxDepth: 4 }),
  );
}

function toObject(
  schema: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
  depth: number,
): fc.Arbitrary<unknown> {
  const required = schema.required ?? [];
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([name]) => depth <= DEPTH_MAX || required.includes(name),
  );
  const arbitraries = Object.fromEntries(fields.map(([name, field]) => [name, inner(field)]));
  return fc.record(arbitraries, { requiredKeys: [...required] });
}

function toText({ pattern, minLength = 0, maxLength = CHARS_MAX }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined || pattern === "\\S") {
    const text = fc.string({ minLength, maxLength: Math.min(maxLength, CHARS_MAX) });
    return pattern === undefined ? text : text.map((some) => `What is ${some}?`);
  }
  return fc.stringMatching(new RegExp(pattern));
}

type Place = readonly [holder: Record<string, unknown>, key: string];

/** Every place within, outermost first. */
function listPlaces(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as const, ...listPlaces(holder[key])]);
}
