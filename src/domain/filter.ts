/** Filters as a typed tree. Stores compile it; no text of a caller ever reaches a query language. */
import * as z from "zod";

const FILTER_DEPTH_MAX = 8;
const FILTER_NODES_MAX = 100;
const IN_VALUES_MAX = 1000;

const Scalar = z.union([z.string().max(1000), z.number(), z.boolean()]);
/** `documentId`, `title`, `page`, or `metadata.<name>`. */
const Field = z
  .string()
  .regex(
    /^(documentId|title|page|metadata\.[A-Za-z_][A-Za-z0-9_]{0,62})$/,
    "must be documentId, title, page or metadata.<name>",
  );

export type Scalar = z.infer<typeof Scalar>;

export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | {
      readonly field: string;
      readonly op: "eq" | "ne" | "lt" | "lte" | "gt" | "gte";
      readonly value: Scalar;
    }
  | { readonly field: string; readonly op: "in"; readonly values: readonly Scalar[] }
  /** A list field holds the value. */
  | { readonly field: string; readonly op: "has"; readonly value: string }
  | { readonly field: string; readonly op: "exists" };

/** Its forms alone, without the limits. */
export const FilterNode: z.ZodType<Filter> = z.lazy(() => z.union(Object.values(FILTER_FORMS)));

/** Each form under a name: whoever makes a client of the API's description gets a type for each. */
export const FILTER_FORMS = {
  FilterAnd: z.strictObject({ and: z.array(FilterNode).min(1) }),
  FilterOr: z.strictObject({ or: z.array(FilterNode).min(1) }),
  FilterNot: z.strictObject({ not: FilterNode }),
  FilterCompare: z.strictObject({
    field: Field,
    op: z.enum(["eq", "ne", "lt", "lte", "gt", "gte"]),
    value: Scalar,
  }),
  FilterIn: z.strictObject({
    field: Field,
    op: z.literal("in"),
    values: z.array(Scalar).min(1).max(IN_VALUES_MAX),
  }),
  FilterHas: z.strictObject({ field: Field, op: z.literal("has"), value: z.string().max(1000) }),
  FilterExists: z.strictObject({ field: Field, op: z.literal("exists") }),
};

/** Parses a filter of bounded depth and size. Depth is checked first, so that a hostile tree cannot exhaust the stack. */
export const Filter: z.ZodType<Filter> = z.preprocess((value, context) => {
  const size = measure(value, 1);
  if (size > FILTER_NODES_MAX) {
    context.addIssue({
      code: "custom",
      message: `may have at most ${FILTER_NODES_MAX} conditions, ${FILTER_DEPTH_MAX} levels deep`,
    });
  }
  return value;
}, FilterNode);

/** Conditions in the tree; infinite when it is too deep. */
function measure(value: unknown, depth: number): number {
  if (depth > FILTER_DEPTH_MAX) return Number.POSITIVE_INFINITY;
  if (typeof value !== "object" || value === null) return 1;
  const node = value as { and?: unknown; or?: unknown; not?: unknown };
  const children = [node.and, node.or].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  if (node.not !== undefined) children.push(node.not);
  if (children.length > FILTER_NODES_MAX) return Number.POSITIVE_INFINITY;
  return children.reduce<number>((sum, child) => sum + measure(child, depth + 1), 1);
}

/** Names of the metadata fields that a filter reads, without `metadata.`, each once. */
export function listMetadataFields(filter: Filter): readonly string[] {
  const names = new Set<string>();
  const pending: Filter[] = [filter];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ("and" in node) pending.push(...node.and);
    else if ("or" in node) pending.push(...node.or);
    else if ("not" in node) pending.push(node.not);
    else if (node.field.startsWith("metadata.")) names.add(node.field.slice("metadata.".length));
  }
  return [...names];
}
