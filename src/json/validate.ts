/** Does a value satisfy a schema, and may the beginning of one still come to? Faults in our own words, for the model that made it. */
import { checkArray, checkNumber, checkObject, checkString } from "./check-kinds.ts";
import { toKey } from "./to-key.ts";
import { createMatcher } from "./pattern.ts";
import { type Descend, type Fault, fault, type Place } from "./place.ts";
import {
  type Choices,
  createChoices,
  createResolver,
  isObject,
  isSchema,
  type Resolver,
  type Schema,
  type SchemaObject,
} from "./schema.ts";

export interface Validator {
  /** What is wrong with a complete value; nothing: it satisfies the schema. At most twenty. */
  readonly validate: (value: unknown) => readonly Fault[];
  /**
   * Whether what there is of a value agrees with the schema as far as it goes. `open` is the path to what
   * is not complete yet; everything on it may still grow, everything else is complete. Undefined: all is.
   */
  readonly isPrefix: (value: unknown, open: readonly string[] | undefined) => boolean;
}

const FAULTS_MAX = 20;
/**
 * Schemas applied to values in one check, and what is read for them: branches over branches multiply. Beginnings are
 * checked again and again.
 */
const STEPS_MAX = 100_000;
const STEPS_OF_PREFIX_MAX = 20_000;

/** Creates the validator of a schema that `checkSchema` found no fault in. */
export function createValidator(root: Schema): Validator {
  const resolve = createResolver(root);
  const isMatch = createMatcher();
  const choices = createChoices();
  const check = (
    value: unknown,
    open: readonly string[] | undefined,
    stepsMax: number,
  ): readonly Fault[] => {
    let steps = 0;
    // A pattern's states count too: hundreds of patterns for each of a list's texts took minutes.
    const match = (source: string, text: string): boolean =>
      isMatch(source, text, (read) => (steps += read / STATES_IN_A_STEP));
    const descend: Descend = (schema, inner, place) => {
      steps += toCost(schema, inner);
      if (steps > stepsMax) return [fault(place, "is too costly to check against the schema")];
      if (typeof schema === "boolean") return schema ? [] : [fault(place, "may not be here")];
      const kind = checkType(schema, inner, place);
      if (kind !== undefined) return [kind];
      return [
        ...checkChoices(schema, inner, place, choices),
        ...(typeof inner === "string"
          ? checkString(schema, inner, place, match)
          : checkOwnKind(schema, inner, place, descend)),
        ...checkBranches(inBranches(schema, resolve), inner, place, descend),
      ].slice(0, FAULTS_MAX);
    };
    return descend(root, value, { path: [], open });
  };
  return {
    validate: (value) => check(value, undefined, STEPS_MAX),
    isPrefix: (value, open) => check(value, open, STEPS_OF_PREFIX_MAX).length === 0,
  };
}

/** So many states of a pattern. */
const STATES_IN_A_STEP = 20;
/** So many characters, entries or properties are read in the time that a schema takes by itself. */
const READ_IN_A_STEP = 50;

/** A choice and `uniqueItems` are compared by all that a value holds, everything else by what it is itself. */
function toCost(schema: Schema, value: unknown): number {
  if (typeof value === "string") return 1 + value.length / READ_IN_A_STEP;
  if (typeof value !== "object" || value === null || typeof schema === "boolean") return 1;
  const { enum: list, const: only, uniqueItems } = schema;
  const isWhole = list !== undefined || only !== undefined || uniqueItems === true;
  const size = isWhole ? JSON.stringify(value).length : Object.keys(value).length;
  return 1 + size / READ_IN_A_STEP;
}

function checkOwnKind(
  schema: SchemaObject,
  value: unknown,
  place: Place,
  descend: Descend,
): readonly Fault[] {
  if (typeof value === "number") return checkNumber(schema, value, place);
  if (Array.isArray(value)) return checkArray(schema, value, place, descend);
  return isObject(value) ? checkObject(schema, value, place, descend) : [];
}

function checkType({ type }: SchemaObject, value: unknown, place: Place): Fault | undefined {
  if (type === undefined) return undefined;
  const types = (Array.isArray(type) ? type : [type]) as readonly unknown[];
  const own = nameType(value);
  const isWhole = own === "number" && Number.isInteger(value);
  if (types.includes(own) || (isWhole && types.includes("integer"))) return undefined;
  return fault(place, `must be ${types.join(" or ")}, is ${own}`);
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** `const` and `enum`. Of an object or list that still grows nobody knows; a text that still grows is none of them yet. */
function checkChoices(
  schema: SchemaObject,
  value: unknown,
  place: Place,
  choices: Choices,
): readonly Fault[] {
  if (place.open !== undefined && typeof value === "object") return [];
  const listed = choices(schema);
  if (listed === undefined || listed.has(toKey(value))) return [];
  const shown = [...listed].slice(0, CHOICES_SHOWN_MAX).join(", ").slice(0, SHOWN_CHARS_MAX);
  return [fault(place, listed.size === 1 ? `must be ${shown}` : `must be one of ${shown}`)];
}

const CHOICES_SHOWN_MAX = 20;
const SHOWN_CHARS_MAX = 300;

interface Branches {
  readonly all: readonly unknown[];
  readonly any?: readonly unknown[] | undefined;
  readonly one?: readonly unknown[] | undefined;
  readonly not?: unknown;
}

/** The schemas that speak of the same value as this one. */
function inBranches(
  { $ref: reference, allOf, anyOf, oneOf, not }: SchemaObject,
  resolve: Resolver,
): Branches {
  const toList = (list: unknown) =>
    Array.isArray(list) ? (list as readonly unknown[]) : undefined;
  return {
    all: [...(typeof reference === "string" ? [resolve(reference)] : []), ...(toList(allOf) ?? [])],
    any: toList(anyOf),
    one: toList(oneOf),
    not,
  };
}

function checkBranches(
  { all, any, one, not }: Branches,
  value: unknown,
  place: Place,
  descend: Descend,
): readonly Fault[] {
  const isOpen = place.open !== undefined;
  const run = (schema: unknown): readonly Fault[] =>
    isSchema(schema) ? descend(schema, value, place) : [];
  const faults = all.flatMap(run);
  for (const branches of [any, one]) {
    if (branches === undefined) continue;
    const results = branches.map(run);
    const fitting = results.filter((found) => found.length === 0).length;
    if (fitting === 0) faults.push(...explain(results, place));
    if (fitting > 1 && branches === one && !isOpen) {
      faults.push(fault(place, `fits ${fitting} schemas of oneOf, and must fit one`));
    }
  }
  if (not !== undefined && !isOpen && run(not).length === 0) {
    faults.push(fault(place, "is what the schema excludes (not)"));
  }
  return faults;
}

/** Why no branch fits: the faults of the one that comes nearest. */
function explain(results: readonly (readonly Fault[])[], place: Place): readonly Fault[] {
  const [nearest = []] = results.toSorted((a, b) => a.length - b.length);
  return [fault(place, "fits none of the schemas it may fit; the nearest says"), ...nearest];
}
