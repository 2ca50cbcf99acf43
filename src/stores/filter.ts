/** What a filter means, defined once: the memory store runs it, other stores must agree with it. */
import type { Chunk, MetadataValue } from "../domain/chunk.ts";
import type { Filter, Scalar } from "../domain/filter.ts";

type Fields = Pick<Chunk, "documentId" | "title" | "location" | "metadata">;

type Leaf = Exclude<Filter, { and: unknown } | { or: unknown } | { not: unknown }>;

/**
 * Does the chunk satisfy the filter? Two-valued throughout: a field that is missing satisfies nothing
 * but `ne`; `not` turns every answer round. An empty list exists and holds nothing. Strings compare by
 * code point, lone surrogates count as U+FFFD, and 0 equals -0.
 */
export function matchesFilter(filter: Filter, chunk: Fields): boolean {
  if ("and" in filter) return filter.and.every((part) => matchesFilter(part, chunk));
  if ("or" in filter) return filter.or.some((part) => matchesFilter(part, chunk));
  if ("not" in filter) return !matchesFilter(filter.not, chunk);
  return matchesLeaf(filter, readField(filter.field, chunk));
}

function matchesLeaf(leaf: Leaf, value: MetadataValue | undefined): boolean {
  if (leaf.op === "exists") return value !== undefined;
  if (leaf.op === "has") {
    return isList(value) && value.some((item) => compare(item, leaf.value) === 0);
  }
  if (!isScalar(value)) return leaf.op === "ne";
  if (leaf.op === "in") return leaf.values.some((wanted) => compare(value, wanted) === 0);
  return holds(leaf.op, compare(value, leaf.value));
}

function readField(field: string, chunk: Fields): MetadataValue | undefined {
  if (field === "documentId") return chunk.documentId;
  if (field === "title") return chunk.title;
  if (field === "page") return chunk.location.page;
  const name = field.slice("metadata.".length);
  return Object.hasOwn(chunk.metadata, name) ? chunk.metadata[name] : undefined;
}

function isList(value: MetadataValue | undefined): value is readonly string[] {
  return typeof value === "object";
}

function isScalar(value: MetadataValue | undefined): value is Scalar {
  return value !== undefined && typeof value !== "object";
}

function holds(op: "eq" | "ne" | "lt" | "lte" | "gt" | "gte", order: number): boolean {
  switch (op) {
    case "ne":
      return order !== 0;
    case "eq":
      return order === 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
    case "gt":
      return order > 0;
    case "gte":
      return order >= 0;
    default:
      return op satisfies never;
  }
}

/** Below, at or above zero; NaN, which satisfies no comparison, between different types. */
function compare(a: Scalar, b: Scalar): number {
  if (typeof a === "string" && typeof b === "string") {
    return compareText(a.toWellFormed(), b.toWellFormed());
  }
  if (typeof a === "number" && typeof b === "number") return Math.sign(a - b);
  return a === b ? 0 : Number.NaN;
}

/** Order by code point, as UTF-8 bytes have it; UTF-16 order differs above U+FFFF. */
export function compareText(a: string, b: string): number {
  let index = 0;
  while (index < a.length && index < b.length) {
    const left = a.codePointAt(index) ?? 0;
    const right = b.codePointAt(index) ?? 0;
    if (left !== right) return left - right;
    index += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
