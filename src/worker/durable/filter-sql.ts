/** Compiles a filter to SQL over the chunks' columns. Every leaf is true or false, never NULL, so that `not` means what it says. */
import type { Filter } from "../../domain/filter.ts";
import { encodeText, encodeValue } from "./encode.ts";

export interface FilterSql {
  /** A condition on `chunks`, in which `?1` is `values`. */
  readonly where: string;
  /** All values of the filter as one JSON array: there may be more than a statement takes parameters. */
  readonly values: string;
}

const OPERATORS = { eq: "=", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** The condition for a filter that was checked against the collection's fields. */
export function toFilterSql(filter: Filter): FilterSql {
  const values: unknown[] = [];
  const bind = (value: unknown): string => {
    values.push(value);
    return `'$[${values.length - 1}]'`;
  };
  const where = compile(filter, bind);
  return { where, values: JSON.stringify(values) };
}

/** A text may have 2 MB. */
const SLOTS_AT_ONCE = 100_000;

/** Asks for the slots of the chunks that pass, as JSON arrays: a row for each of them costs several times as much. `?1` is `values`. */
export function toSlotsSql({ where }: FilterSql): string {
  return `SELECT json_group_array(slot) AS slots FROM chunks WHERE ?1 IS NOT NULL AND ${where}
    GROUP BY slot / ${SLOTS_AT_ONCE}`;
}

function compile(filter: Filter, bind: (value: unknown) => string): string {
  const all = (parts: readonly Filter[]): string[] => parts.map((part) => compile(part, bind));
  if ("and" in filter) return join(all(filter.and), "AND");
  if ("or" in filter) return join(all(filter.or), "OR");
  if ("not" in filter) return `(NOT ${compile(filter.not, bind)})`;
  const column = toColumn(filter.field);
  switch (filter.op) {
    case "exists":
      return `(${column} IS NOT NULL)`;
    case "has":
      return `(json_extract(?1, ${bind(encodeText(filter.value))}) IN (SELECT value FROM json_each(${column})))`;
    case "in":
      return `(${column} IS NOT NULL AND ${column} IN (SELECT value FROM json_each(?1, ${bind(filter.values.map(encodeValue))})))`;
    case "ne":
      return `(${column} IS NULL OR ${column} <> json_extract(?1, ${bind(encodeValue(filter.value))}))`;
    case "eq":
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return `(${column} IS NOT NULL AND ${column} ${OPERATORS[filter.op]} json_extract(?1, ${bind(encodeValue(filter.value))}))`;
    default:
      return filter satisfies never;
  }
}

/** By halves: an object's SQLite takes expressions of a hundred levels, and in a plain row of conditions each is a level. */
function join(parts: readonly string[], operator: "AND" | "OR"): string {
  const [only = ""] = parts;
  if (parts.length === 1) return only;
  const middle = Math.ceil(parts.length / 2);
  const [left, right] = [parts.slice(0, middle), parts.slice(middle)];
  return `(${join(left, operator)} ${operator} ${join(right, operator)})`;
}

/** The column of a field; metadata fields have plain names, which were checked when the collection was made. */
export function toColumn(field: string): string {
  return field.startsWith("metadata.")
    ? `"meta_${field.slice("metadata.".length)}"`
    : `"field_${field}"`;
}
