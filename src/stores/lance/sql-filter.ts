/** From a condition in SQL to our own typed filter, and to the few things beside it that readers of a table ask for. */
import type { CollectionSpec } from "../../domain/collection.ts";
import type { Filter, Scalar } from "../../domain/filter.ts";
import { AppError } from "../../errors.ts";
import { checkFilter, typeOfField } from "../../domain/check-filter.ts";
import { toLiteral, toSql } from "./filter-sql.ts";
import { parseSql, type SqlCondition, type SqlOperator, type SqlValue } from "./parse-sql.ts";

/** What rows are wanted. */
export interface RowFilter {
  /** Exactly these rows. */
  readonly rows?: readonly bigint[];
  /** A condition compiled from a typed tree; no text of a caller is in it. */
  readonly where?: string;
}

type Leaf = Exclude<
  SqlCondition,
  { and: unknown } | { or: unknown } | { not: unknown } | { known: unknown }
>;
type Spec = CollectionSpec;

const OPPOSITE: Readonly<Record<SqlOperator, SqlOperator>> = {
  eq: "ne",
  ne: "eq",
  lt: "gte",
  lte: "gt",
  gt: "lte",
  gte: "lt",
};
const SIGNS: Readonly<Record<SqlOperator, string>> = {
  eq: "=",
  ne: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
};
/** How LanceDB's clients ask for the rows of no ids. */
const NOTHING = "false";
/** Every chunk has one, so that a comparison of it is never neither true nor false. */
const POSITION = "position";
const ROW = "_rowid";
const ROW_MAX = 2n ** 64n - 1n;

/**
 * Reads the condition; beside the fields of a filter it may name, joined by AND, `position`, or be
 * `_rowid IN (…)` or `false` alone. Throws AppError invalid_filter.
 */
export function toRowFilter(text: string, spec: Spec): RowFilter {
  if (text === NOTHING) return { where: NOTHING };
  const condition = parseSql(text);
  if ("op" in condition && condition.op === "in" && condition.column === ROW) {
    return { rows: condition.values.map(toRow) };
  }
  const parts: string[] = [];
  const rest: SqlCondition[] = [];
  for (const part of listConjuncts(condition)) {
    if ("op" in part && "column" in part && part.column === POSITION)
      parts.push(toPositionSql(part));
    else rest.push(part);
  }
  if (rest.length > 0) {
    const filter = joinAll(rest.map((part) => toFilter(part, spec, true)));
    checkFilter(filter, spec);
    parts.push(toSql(filter, spec));
  }
  return { where: parts.join(" AND ") };
}

/** The filter that the condition is, with which `where` of a search is made. Throws AppError invalid_filter. */
export function parseFilterSql(text: string, spec: Spec): Filter {
  return toFilter(parseSql(text), spec, true);
}

function listConjuncts(condition: SqlCondition): readonly SqlCondition[] {
  return "and" in condition ? condition.and.flatMap(listConjuncts) : [condition];
}

function toRow({ value, text }: SqlValue): bigint {
  if (typeof value === "number" && /^\d{1,20}$/.test(text) && BigInt(text) <= ROW_MAX) {
    return BigInt(text);
  }
  throw new AppError("invalid_filter", { detail: `${ROW} takes whole numbers` });
}

function toPositionSql(leaf: Leaf): string {
  const number = "value" in leaf ? leaf.value.value : undefined;
  if (leaf.op === "in" || leaf.op === "null" || leaf.op === "has" || typeof number !== "number") {
    throw refusePosition();
  }
  return `${POSITION} ${SIGNS[leaf.op]} ${toLiteral(number)}`;
}

function refusePosition(): AppError {
  return new AppError("invalid_filter", {
    detail: `${POSITION} is compared with a number, and joined to other conditions by AND`,
  });
}

/**
 * The filter that holds where the condition is true, or, for `wanted` false, where it is false. A filter has
 * two answers only: where a column is NULL the condition is neither, and neither filter holds.
 */
function toFilter(condition: SqlCondition, spec: Spec, wanted: boolean): Filter {
  if ("not" in condition) return toFilter(condition.not, spec, !wanted);
  if ("and" in condition || "or" in condition) {
    const parts = "and" in condition ? condition.and : condition.or;
    const filters = parts.map((part) => toFilter(part, spec, wanted));
    return "and" in condition === wanted ? joinAll(filters) : joinAny(filters);
  }
  if ("known" in condition) {
    const known = toFilter(condition.known, spec, true);
    return wanted ? known : { not: known };
  }
  return toLeaf(condition, spec, wanted);
}

function toLeaf(leaf: Leaf, spec: Spec, wanted: boolean): Filter {
  if (leaf.column === POSITION) throw refusePosition();
  const field = toField(leaf.column, spec);
  const exists: Filter = { field, op: "exists" };
  const read = ({ value }: SqlValue) => toTyped(value, field, spec);
  if (leaf.op === "null") return wanted ? { not: exists } : exists;
  if (leaf.op === "in") {
    const among: Filter = { field, op: "in", values: leaf.values.map(read) };
    return wanted ? among : joinAll([exists, { not: among }]);
  }
  if (leaf.op === "has") {
    const holds: Filter = { field, op: "has", value: String(leaf.value.value) };
    return wanted ? holds : joinAll([exists, { not: holds }]);
  }
  return toComparison(leaf.op, { field, wanted, value: read(leaf.value) });
}

function toComparison(
  given: SqlOperator,
  { field, wanted, value }: { field: string; wanted: boolean; value: Scalar },
): Filter {
  const op = wanted ? given : OPPOSITE[given];
  const compared: Filter = { field, op, value };
  return op === "ne" ? joinAll([{ field, op: "exists" }, compared]) : compared;
}

function toField(column: string, spec: Spec): string {
  if (["documentId", "title", "page"].includes(column)) return column;
  const field = column.startsWith("meta_") ? `metadata.${column.slice("meta_".length)}` : column;
  typeOfField(field, spec); // throws for what is none
  return field;
}

/** Booleans are stored as 0 and 1. */
function toTyped(value: SqlValue["value"], field: string, spec: Spec): SqlValue["value"] {
  const isFlag = typeOfField(field, spec) === "boolean" && (value === 0 || value === 1);
  return isFlag ? value === 1 : value;
}

/** `c IS NOT NULL AND c = 1` says what `c = 1` says. */
function joinAll(filters: readonly Filter[]): Filter {
  const implied = new Set(filters.flatMap(listImplied));
  const kept = filters.filter((one) => !isExists(one) || !implied.has(one.field));
  return kept.length === 1 ? (kept[0] as Filter) : { and: kept };
}

/** `c IS NULL OR c <> 1` is what a filter calls `ne`. */
function joinAny(filters: readonly Filter[]): Filter {
  const [first, second] = filters;
  if (first === undefined || second === undefined) return first ?? { or: filters };
  const isPair = filters.length === 2 && "not" in first && isExists(first.not);
  return (isPair ? findNegation(first.not.field, second) : undefined) ?? { or: filters };
}

/** What is left of "there is one, and it is not that" beside "there is none". */
function findNegation(field: string, filter: Filter): Filter | undefined {
  if (!("and" in filter) || filter.and.length !== 2) return undefined;
  const [exists, rest] = filter.and;
  if (exists === undefined || rest === undefined) return undefined;
  if (!isExists(exists) || exists.field !== field) return undefined;
  const isOther = "op" in rest && rest.op === "ne" && rest.field === field;
  return isOther || ("not" in rest && impliesExists(rest.not, field)) ? rest : undefined;
}

function isExists(filter: Filter): filter is { readonly field: string; readonly op: "exists" } {
  return "op" in filter && filter.op === "exists";
}

function impliesExists(filter: Filter, field: string): boolean {
  return listImplied(filter).includes(field);
}

/** The field of which the filter says that there is one, beside what it says of it. */
function listImplied(filter: Filter): readonly string[] {
  return "op" in filter && filter.op !== "exists" && filter.op !== "ne" ? [filter.field] : [];
}
