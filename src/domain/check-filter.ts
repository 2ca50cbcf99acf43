/** Whether a filter can be checked in a collection: its fields, and what each of them takes. */
import { AppError } from "../errors.ts";
import type { CollectionSpec, MetadataType } from "./collection.ts";
import type { Filter } from "./filter.ts";

type Leaf = Exclude<Filter, { and: unknown } | { or: unknown } | { not: unknown }>;

/**
 * Checks every condition against the fields the collection has and their types.
 * Throws AppError invalid_filter that names the field and what it takes.
 */
export function checkFilter(filter: Filter, spec: Pick<CollectionSpec, "name" | "metadata">): void {
  if ("not" in filter) checkFilter(filter.not, spec);
  else if ("and" in filter) for (const part of filter.and) checkFilter(part, spec);
  else if ("or" in filter) for (const part of filter.or) checkFilter(part, spec);
  else {
    const why = findMisuse(filter, typeOfField(filter.field, spec));
    if (why === undefined) return;
    throw new AppError("invalid_filter", { detail: `filter on ${filter.field}: ${why}` });
  }
}

function findMisuse(leaf: Leaf, type: MetadataType): string | undefined {
  if (leaf.op === "exists") return undefined;
  if (leaf.op === "has") {
    return type === "string[]" ? undefined : `"has" needs a list field, this one is a ${type}`;
  }
  if (type === "string[]") return `a list field takes "has" and "exists" only`;
  if (type === "boolean" && !["eq", "ne", "in"].includes(leaf.op)) {
    return `a boolean has no order, use "eq"`;
  }
  for (const value of leaf.op === "in" ? leaf.values : [leaf.value]) {
    if (typeof value !== type) return `it holds a ${type}, the value is a ${typeof value}`;
    if (typeof value === "number" && !Number.isFinite(value)) return "the number must be finite";
  }
  return undefined;
}

/** The type of a field that can be filtered on. Throws AppError invalid_filter for any other. */
export function typeOfField(
  field: string,
  spec: Pick<CollectionSpec, "name" | "metadata">,
): MetadataType {
  if (field === "documentId" || field === "title") return "string";
  if (field === "page") return "number";
  const name = field.startsWith("metadata.") ? field.slice("metadata.".length) : "";
  const type = Object.hasOwn(spec.metadata, name) ? spec.metadata[name] : undefined;
  if (type !== undefined) return type;
  const names = ["documentId", "title", "page"].concat(
    Object.keys(spec.metadata).map((key) => `metadata.${key}`),
  );
  throw new AppError("invalid_filter", {
    detail: `collection ${spec.name} cannot be filtered on ${field}; fields: ${names.join(", ")}`,
  });
}
