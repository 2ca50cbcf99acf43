/** The keywords of one kind of value each. What is not complete yet is not asked for its least. */
import { FORMATS } from "./formats.ts";
import { toKey } from "./to-key.ts";
import { type Descend, type Fault, fault, type Place, within } from "./place.ts";
import { isObject, isSchema, type SchemaObject } from "./schema.ts";

const MISSING_TOLD_MAX = 20;

/** A text; `pattern` and `format` are only asked of what is complete. */
export function checkString(
  schema: SchemaObject,
  text: string,
  place: Place,
  isMatch: (pattern: string, text: string) => boolean,
): readonly Fault[] {
  const { minLength: least, maxLength: most, pattern, format } = schema;
  const isMeasured = least !== undefined || most !== undefined;
  const length = isMeasured ? Array.from(text).length : 0;
  const faults = checkBounds(length, { least, most, unit: "characters" }, place);
  if (place.open !== undefined) return faults;
  if (typeof format === "string" && FORMATS.get(format)?.(text) === false) {
    faults.push(fault(place, `is not of the format ${format}`));
  }
  if (typeof pattern === "string" && !isMatch(pattern, text)) {
    faults.push(fault(place, `does not match the pattern ${pattern}`));
  }
  return faults;
}

export function checkNumber(schema: SchemaObject, value: number, place: Place): readonly Fault[] {
  const { minimum: least, maximum: most, multipleOf } = schema;
  const { exclusiveMinimum: over, exclusiveMaximum: under } = schema;
  const faults = checkBounds(value, { least, most }, place);
  if (typeof over === "number" && value <= over) faults.push(fault(place, `must be above ${over}`));
  if (typeof under === "number" && value >= under) {
    faults.push(fault(place, `must be below ${under}`));
  }
  if (typeof multipleOf === "number" && !isMultiple(value, multipleOf)) {
    faults.push(fault(place, `must be a multiple of ${multipleOf}`));
  }
  return faults;
}

/** 0.3 is three times 0.1, although no double is. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= Math.abs(times) * Number.EPSILON * 2;
}

export function checkArray(
  schema: SchemaObject,
  list: readonly unknown[],
  place: Place,
  descend: Descend,
): readonly Fault[] {
  const { items, prefixItems, minItems: least, maxItems: most, uniqueItems } = schema;
  const faults = checkBounds(list.length, { least, most, unit: "entries" }, place);
  if (uniqueItems === true && place.open === undefined) {
    if (new Set(list.map(toKey)).size < list.length) {
      faults.push(fault(place, "holds an entry twice"));
    }
  }
  const first = (Array.isArray(prefixItems) ? prefixItems : []) as readonly unknown[];
  for (const [index, value] of list.entries()) {
    const own = index < first.length ? first[index] : items;
    if (isSchema(own)) faults.push(...descend(own, value, within(place, String(index))));
  }
  return faults;
}

export function checkObject(
  schema: SchemaObject,
  object: Readonly<Record<string, unknown>>,
  place: Place,
  descend: Descend,
): readonly Fault[] {
  const { required, minProperties: least, maxProperties: most, propertyNames } = schema;
  const keys = Object.keys(object);
  const faults = checkBounds(keys.length, { least, most, unit: "properties" }, place);
  if (place.open === undefined) {
    const missing = toNames(required)
      .filter((name) => !Object.hasOwn(object, name))
      .slice(0, MISSING_TOLD_MAX);
    faults.push(...missing.map((name) => fault(within(place, name), "is required and missing")));
  }
  for (const key of keys) {
    const here = within(place, key);
    if (isSchema(propertyNames)) {
      faults.push(...descend(propertyNames, key, { path: here.path, open: undefined }));
    }
    const own = toOwn(schema, key);
    if (own === false) faults.push(fault(here, "is not a property that the schema knows"));
    else if (isSchema(own)) faults.push(...descend(own, object[key], here));
  }
  return faults;
}

function toOwn({ properties, additionalProperties }: SchemaObject, key: string): unknown {
  return isObject(properties) && Object.hasOwn(properties, key)
    ? properties[key]
    : additionalProperties;
}

function toNames(required: unknown): readonly string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
}

interface Bounds {
  readonly least: unknown;
  readonly most: unknown;
  /** What is counted; unset: it is the value itself. */
  readonly unit?: string;
}

/** Of what is not complete yet only the most is known to be passed. */
function checkBounds(measure: number, { least, most, unit }: Bounds, place: Place): Fault[] {
  const say = (side: string, limit: number): Fault[] => [
    fault(
      place,
      unit === undefined ? `must be at ${side} ${limit}` : `must have at ${side} ${limit} ${unit}`,
    ),
  ];
  if (typeof most === "number" && measure > most) return say("most", most);
  const isShort = typeof least === "number" && measure < least;
  return isShort && place.open === undefined ? say("least", least) : [];
}
