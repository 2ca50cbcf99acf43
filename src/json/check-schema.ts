/** Is this a JSON Schema that can be answered to? Every fault with its place, in our own words. */
import type { Issue } from "../errors.ts";
import { compilePattern } from "./pattern.ts";
import { toPointer } from "./pointer.ts";
import {
  createResolver,
  isObject,
  isSchema,
  KEYWORDS,
  listSubschemas,
  type Resolver,
  type Schema,
  type SchemaObject,
  type Takes,
  TYPES,
} from "./schema.ts";

/** Schemas within one another, and all of them together. */
const DEPTH_MAX = 32;
const SCHEMAS_MAX = 1_000;
const ISSUES_MAX = 10;

/** At most ten faults; the `path` of each is a JSON Pointer into the schema. None: it can be used. */
export function checkSchema(root: unknown, bytesMax: number): readonly Issue[] {
  if (!isObject(root)) return [{ path: "", message: "must be an object" }];
  if (new TextEncoder().encode(JSON.stringify(root)).length > bytesMax) {
    return [{ path: "", message: `may have at most ${bytesMax} bytes` }];
  }
  const resolve = createResolver(root);
  const issues: Issue[] = [];
  const schemas: { readonly schema: SchemaObject; readonly path: readonly string[] }[] = [];
  const waiting = [{ schema: root as unknown, path: [] as readonly string[] }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const { schema, path } = one;
    if (!isSchema(schema)) issues.push(at(path, "must be a schema: an object, true or false"));
    else if (typeof schema === "boolean") continue;
    else if (path.length > DEPTH_MAX * 2) {
      issues.push(at(path, `is nested deeper than ${DEPTH_MAX} schemas`));
    } else {
      schemas.push({ schema, path });
      waiting.push(...listSubschemas(schema, path));
      issues.push(...checkKeywords(resolve, schema, path));
    }
    if (schemas.length > SCHEMAS_MAX) {
      issues.push(at([], `holds more than ${SCHEMAS_MAX} schemas`));
      break;
    }
  }
  if (issues.length === 0) issues.push(...checkEnds(root, schemas, resolve));
  return issues.slice(0, ISSUES_MAX);
}

function at(path: readonly string[], message: string): Issue {
  return { path: toPointer(path), message };
}

function checkKeywords(
  resolve: Resolver,
  schema: SchemaObject,
  path: readonly string[],
): readonly Issue[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const place = [...path, keyword];
    const takes = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (takes === undefined) {
      return keyword.startsWith("x-") ? [] : [at(place, "is not a keyword that is supported")];
    }
    const message = CHECKS[takes](value, resolve);
    return message === undefined ? [] : [at(place, message)];
  });
}

/** What is wrong with the value of a keyword. */
type Check = (value: unknown, resolve: Resolver) => string | undefined;

const CHECKS: Readonly<Record<Takes, Check>> = {
  schema: () => undefined, // looked at by itself
  schemas: (value) =>
    Array.isArray(value) && value.length > 0 ? undefined : "must be a list of schemas",
  "map of schemas": (value) => {
    if (!isObject(value)) return "must be an object of schemas";
    return Object.hasOwn(value, "__proto__") ? "may not name __proto__" : undefined;
  },
  types(value) {
    const types: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isKnown = types.every((type) => (TYPES as readonly unknown[]).includes(type));
    return isKnown && types.length > 0 ? undefined : `must be of ${TYPES.join(", ")}`;
  },
  any: () => undefined,
  values: (value) => (Array.isArray(value) && value.length > 0 ? undefined : "must be a list"),
  names: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === "string")
      ? undefined
      : "must be a list of names",
  number: (value) => (typeof value === "number" && Number.isFinite(value) ? undefined : NUMBER),
  "positive number": (value) =>
    typeof value === "number" && Number.isFinite(value) && value > 0
      ? undefined
      : "must be a number above 0",
  count: (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? undefined
      : "must be a whole number from 0",
  flag: (value) => (typeof value === "boolean" ? undefined : "must be true or false"),
  pattern(value) {
    if (typeof value !== "string") return TEXT;
    const pattern = compilePattern(value);
    return typeof pattern === "string" ? pattern : undefined;
  },
  format: (value) => (typeof value === "string" ? undefined : TEXT),
  reference(value, resolve) {
    if (typeof value !== "string") return TEXT;
    if (!value.startsWith("#")) return "may only refer to a place in this schema: #/…";
    return resolve(value) === undefined ? "refers to no schema here" : undefined;
  },
  note: () => undefined,
};
const NUMBER = "must be a number";
const TEXT = "must be a text";

type Listed = readonly { readonly schema: SchemaObject; readonly path: readonly string[] }[];

/** Schemas that only lead back to themselves, or that nothing of finite size satisfies. */
function checkEnds(root: SchemaObject, schemas: Listed, resolve: Resolver): readonly Issue[] {
  const known = new Set<unknown>(schemas.map(({ schema }) => schema));
  const astray = schemas.filter(({ schema: { $ref: reference } }) => {
    const target = typeof reference === "string" ? resolve(reference) : true;
    return typeof target !== "boolean" && !known.has(target);
  });
  if (astray.length > 0) {
    return astray.map(({ path }) => at([...path, "$ref"], "refers to what is no schema here"));
  }
  const samePlace = new Map(schemas.map(({ schema }) => [schema, toSamePlace(schema, resolve)]));
  const round = findRound(samePlace);
  if (round !== undefined) {
    const path = schemas.find(({ schema }) => schema === round)?.path ?? [];
    return [at(path, "leads back to itself without end")];
  }
  const finite = new Set<unknown>();
  let order = schemas.map(({ schema }) => schema);
  for (let before = -1; finite.size > before;) {
    before = finite.size;
    // From the inside out, then the other way: chains of references run in both directions.
    order = order.toReversed();
    for (const schema of order) {
      if (!finite.has(schema) && isFinite(schema, resolve, finite)) finite.add(schema);
    }
  }
  return finite.has(root) ? [] : [at([], "requires itself within itself: no value ever ends")];
}

/** A schema from which references and branches alone lead back to it. */
function findRound(edges: ReadonlyMap<SchemaObject, readonly Schema[]>): SchemaObject | undefined {
  const done = new Set<Schema>();
  for (const start of edges.keys()) {
    if (done.has(start)) continue;
    const way: { readonly schema: Schema; readonly rest: Schema[] }[] = [];
    const onWay = new Set<Schema>();
    const enter = (schema: Schema): void => {
      const next = typeof schema === "boolean" ? [] : (edges.get(schema) ?? []);
      way.push({ schema, rest: [...next] });
      onWay.add(schema);
    };
    enter(start);
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const next = last.rest.pop();
      if (next === undefined) {
        done.add(last.schema);
        onWay.delete(last.schema);
        way.pop();
      } else if (onWay.has(next) && typeof next !== "boolean") return next;
      else if (!done.has(next)) enter(next);
    }
  }
  return undefined;
}

function toSamePlace(schema: SchemaObject, resolve: Resolver): readonly Schema[] {
  const { $ref: reference, allOf, anyOf, oneOf, not } = schema;
  return [
    ...(typeof reference === "string" ? [resolve(reference)] : []),
    not,
    ...[allOf, anyOf, oneOf].flatMap(toList),
  ].filter(isSchema);
}

/** Whether some value satisfies it that needs only what is known to end. */
function isFinite(schema: SchemaObject, resolve: Resolver, finite: ReadonlySet<unknown>): boolean {
  const ends = (one: unknown): boolean => typeof one === "boolean" || finite.has(one);
  const { $ref: reference, allOf, anyOf, oneOf } = schema;
  if (typeof reference === "string" && !ends(resolve(reference))) return false;
  if (!toList(allOf).every(ends)) return false;
  const hasBranch = [anyOf, oneOf].every(
    (branches) => branches === undefined || toList(branches).some(ends),
  );
  return hasBranch && listNeeded(schema).every(ends);
}

/** The schemas of what every value must hold, where its type leaves no way around it. */
function listNeeded(schema: SchemaObject): readonly unknown[] {
  const { type, properties, required, items, prefixItems, minItems = 0 } = schema;
  const only = Array.isArray(type) && type.length === 1 ? (type as readonly unknown[])[0] : type;
  if (only === "object" && isObject(properties)) {
    return toList(required).flatMap((name) =>
      typeof name === "string" && Object.hasOwn(properties, name) ? [properties[name]] : [],
    );
  }
  if (only !== "array" || typeof minItems !== "number") return [];
  const first = toList(prefixItems);
  const isMore = minItems > first.length && isSchema(items);
  return [...first.slice(0, minItems), ...(isMore ? [items] : [])];
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
