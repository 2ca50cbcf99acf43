/** Compiles a filter to the SQL of a LanceDB table. Every leaf is true or false, never NULL, so that `not` means what it says. */
import type { CollectionSpec } from "../../domain/collection.ts";
import type { Filter, Scalar } from "../../domain/filter.ts";
import { checkFilter } from "../../domain/check-filter.ts";
import type { DocumentPage } from "../store.ts";

const OPERATORS = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

/** A WHERE clause of the checked filter. Throws AppError invalid_filter. */
export function toSql(filter: Filter, spec: CollectionSpec): string {
  checkFilter(filter, spec);
  return compile(filter);
}

function compile(filter: Filter): string {
  if ("and" in filter) return `(${filter.and.map(compile).join(" AND ")})`;
  if ("or" in filter) return `(${filter.or.map(compile).join(" OR ")})`;
  if ("not" in filter) return `(NOT ${compile(filter.not)})`;
  const column = toColumn(filter.field);
  switch (filter.op) {
    case "exists":
      return `(${column} IS NOT NULL)`;
    case "has":
      return `(${column} IS NOT NULL AND coalesce(array_has(${column}, ${toLiteral(filter.value)}), false))`;
    case "in":
      return `(${column} IS NOT NULL AND ${column} IN (${filter.values.map(toLiteral).join(", ")}))`;
    case "ne":
      return `(${column} IS NULL OR ${column} <> ${toLiteral(filter.value)})`;
    case "eq":
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return `(${column} IS NOT NULL AND ${column} ${OPERATORS[filter.op]} ${toLiteral(filter.value)})`;
    default:
      return filter satisfies never;
  }
}

/** The column of a filter field, quoted because names keep their case. */
function toColumn(field: string): string {
  return field.startsWith("metadata.")
    ? `\`meta_${field.slice("metadata.".length)}\``
    : `\`${field}\``;
}

/** A value as a literal: quotes doubled, nothing else is special. 0 and -0 are one number here, two in Arrow. */
export function toLiteral(value: Scalar): string {
  if (typeof value === "string") return `'${value.toWellFormed().replaceAll("'", "''")}'`;
  if (typeof value === "number")
    return `CAST('${(value === 0 ? 0 : value).toExponential()}' AS DOUBLE)`;
  return value ? "1" : "0"; // as booleans are stored
}

/** `documentId IN ('a', 'b')`, for the documents of a change. */
export function toDocumentsSql(ids: readonly string[]): string {
  return `documentId IN (${ids.map(toLiteral).join(", ")})`;
}

/** The first chunks of the documents of a page. */
export function toPageSql({ after, from }: Omit<DocumentPage, "limit">): string {
  return [
    "position = 0",
    ...(after === undefined ? [] : [`\`documentId\` > ${toLiteral(after)}`]),
    ...(from === undefined ? [] : [`\`documentId\` >= ${toLiteral(from)}`]),
  ].join(" AND ");
}
