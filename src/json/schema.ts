/** JSON Schema as this service takes it: a subset of draft 2020-12, its keywords and where schemas stand in it. */
import { toKey } from "./to-key.ts";
import { parsePointer, readAt } from "./pointer.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;
export type Schema = boolean | SchemaObject;

/** What stands behind a keyword. */
export type Takes =
  | "schema"
  | "schemas"
  | "map of schemas"
  | "types"
  | "any"
  | "values"
  | "names"
  | "number"
  | "positive number"
  | "count"
  | "flag"
  | "pattern"
  | "format"
  | "reference"
  | "note";

/** Every keyword that is taken. Notes are passed on to the model and checked by nobody. */
export const KEYWORDS: Readonly<Record<string, Takes>> = {
  $ref: "reference",
  $defs: "map of schemas",
  definitions: "map of schemas",
  type: "types",
  enum: "values",
  const: "any",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  not: "schema",
  properties: "map of schemas",
  additionalProperties: "schema",
  propertyNames: "schema",
  required: "names",
  minProperties: "count",
  maxProperties: "count",
  items: "schema",
  prefixItems: "schemas",
  minItems: "count",
  maxItems: "count",
  uniqueItems: "flag",
  minLength: "count",
  maxLength: "count",
  pattern: "pattern",
  format: "format",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "positive number",
  $schema: "note",
  $comment: "note",
  title: "note",
  description: "note",
  default: "note",
  examples: "note",
  deprecated: "note",
  readOnly: "note",
  writeOnly: "note",
  discriminator: "note",
  contentEncoding: "note",
  contentMediaType: "note",
  contentSchema: "note",
};

export const TYPES = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;

/** A schema within another: under which keyword, and the path to it from the root. */
export interface SchemaPlace {
  readonly schema: unknown;
  readonly path: readonly string[];
  readonly keyword: string;
}

/** The schemas directly within a schema. What has the wrong shape is left out. */
export function listSubschemas(schema: SchemaObject, path: readonly string[]): SchemaPlace[] {
  return Object.entries(schema).flatMap(([keyword, value]): SchemaPlace[] => {
    const takes = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (takes === "schema") return [{ schema: value, path: [...path, keyword], keyword }];
    const isMap = takes === "map of schemas" && isObject(value);
    if (!isMap && !(takes === "schemas" && Array.isArray(value))) return [];
    return Object.entries(value as object).map(([key, inner]) => ({
      schema: inner as unknown,
      path: [...path, keyword, key],
      keyword,
    }));
  });
}

/** What a `$ref` of a document names; undefined when it names no schema there. */
export type Resolver = (reference: string) => Schema | undefined;

/** Each reference is looked up once. */
export function createResolver(root: unknown): Resolver {
  const known = new Map<string, Schema | undefined>();
  return (reference) => {
    if (known.has(reference)) return known.get(reference);
    const path = reference.startsWith("#") ? parsePointer(decode(reference.slice(1))) : undefined;
    const found = path === undefined ? undefined : readAt(root, path);
    const schema = isSchema(found) ? found : undefined;
    known.set(reference, schema);
    return schema;
  };
}

/** The schemas that speak of one value, each wherever it stands: behind references and in every branch. */
export type SchemasHere = readonly SchemaObject[];

/** Goes down a schema beside a value. */
export interface SchemaWalk {
  readonly start: SchemasHere;
  /** Those of the value under a key. */
  readonly step: (here: SchemasHere, key: string) => SchemasHere;
}

export function createSchemaWalk(root: Schema): SchemaWalk {
  const resolve = createResolver(root);
  return {
    start: expand(resolve, [root]),
    step: (here, key) =>
      expand(
        resolve,
        here.flatMap((schema) => toChildren(schema, key)),
      ),
  };
}

/** The values that one schema allows and no others beside them, by `toKey`; undefined where it lists none. */
export type Choices = (schema: SchemaObject) => ReadonlySet<string> | undefined;

/** Each list is read once: it may be long, and is asked for every value. */
export function createChoices(): Choices {
  const known = new Map<SchemaObject, ReadonlySet<string> | undefined>();
  return (schema) => {
    if (!known.has(schema)) known.set(schema, readChoices(schema));
    return known.get(schema);
  };
}

function readChoices(schema: SchemaObject): ReadonlySet<string> | undefined {
  const { enum: list } = schema;
  const only = Object.hasOwn(schema, "const") ? [toKey(schema["const"])] : undefined;
  if (!Array.isArray(list)) return only && new Set(only);
  const keys = new Set(list.map((value: unknown) => toKey(value)));
  return only === undefined ? keys : keys.intersection(new Set(only));
}

/** What a schema says of the value under a key: nothing, or one schema. */
function toChildren(schema: SchemaObject, key: string): readonly Schema[] {
  const { properties, prefixItems, additionalProperties, items } = schema;
  if (isObject(properties) && Object.hasOwn(properties, key)) return toSchemas(properties[key]);
  if (Array.isArray(prefixItems) && Object.hasOwn(prefixItems, key)) {
    return toSchemas(prefixItems[Number(key)]);
  }
  return [...toSchemas(additionalProperties), ...(/^\d+$/.test(key) ? toSchemas(items) : [])];
}

function toSchemas(value: unknown): readonly Schema[] {
  return isSchema(value) ? [value] : [];
}

/** The schemas and all that speak of the same value; each once, so a circle of references ends. */
function expand(resolve: Resolver, schemas: readonly Schema[]): SchemasHere {
  const found = new Set<SchemaObject>();
  const waiting: Schema[] = [...schemas];
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    if (typeof schema === "boolean" || found.has(schema)) continue;
    found.add(schema);
    const { $ref: reference, allOf, anyOf, oneOf } = schema;
    if (typeof reference === "string") waiting.push(...toSchemas(resolve(reference)));
    for (const list of [allOf, anyOf, oneOf]) {
      if (Array.isArray(list)) waiting.push(...list.flatMap(toSchemas));
    }
  }
  return [...found];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || isObject(value);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that encodes nothing stands for itself, and then names nothing
  }
}
