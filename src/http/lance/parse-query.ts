/** The body of a query of LanceDB's protocol, as its clients send it, within limits. What cannot be honoured is refused, never left out. */
import * as z from "zod";
import { refuse } from "../request/issues.ts";
import type { FullTextQuery, NearestQuery, RowOrder, TableQuery } from "./tables.ts";

/** Most columns one query may name. */
const COLUMNS_MAX = 64;
/** Most searched words or phrases of one full-text query, with the clauses that join them: our own stores ask for 64 terms in one. */
const CLAUSES_MAX = 65;
const CLAUSE_DEPTH_MAX = 4;
const PROBES_MAX = 1_000;
const REFINE_MAX = 100;

const Probes = z.int().min(0).max(PROBES_MAX).nullish();
const Name = z.string().min(1).max(100);

/** What is said of a field that clients fill in otherwise than can be honoured. */
const HONOURED: Readonly<Record<string, string>> = {
  columns: "takes names of columns, and computes none",
  ef: "is for an index that is not made here: leave it out",
  full_text_query:
    "takes words of content, with weights, joined by must, should and must_not: no phrases, no fuzzy words, no other column",
  lower_bound: "cannot be honoured: distances have no bounds here",
  prefilter: "must be true: a condition holds before the search, not after it",
  upper_bound: "cannot be honoured: distances have no bounds here",
};

interface Match {
  readonly match: {
    readonly terms: string;
    readonly boost?: number | undefined;
    readonly operator?: string | undefined;
  };
}
interface Bool {
  readonly boolean: {
    readonly must?: readonly Clause[] | undefined;
    readonly must_not?: readonly Clause[] | undefined;
    readonly should?: readonly Clause[] | undefined;
  };
}
type Clause = Match | Bool;

const MatchClause = z.strictObject({
  match: z.strictObject({
    terms: z.string(),
    column: z.literal("content").nullish(),
    boost: z.number().positive().max(1e6).optional(),
    fuzziness: z.literal(0).nullish(),
    max_expansions: z.int().optional(),
    operator: z.enum(["Or", "And"]).optional(),
    prefix_length: z.literal(0).optional(),
  }),
});
const Clause: z.ZodType<Clause> = z.lazy(() => z.union([MatchClause, BoolClause]));
const Clauses = z.array(Clause).max(CLAUSES_MAX).optional();
const BoolClause = z.strictObject({
  boolean: z.strictObject({ must: Clauses, must_not: Clauses, should: Clauses }),
});

const FullText = z.strictObject({
  columns: z.array(z.literal("content")).max(1).nullish(),
  query: z.union([z.string(), Clause]),
});

const Body = z.strictObject({
  /** Its components are looked at up to the first that is none: each would be a fault of its own. */
  vector: z.array(z.unknown()).optional(),
  vector_column: z.literal("vector").nullish(),
  k: z.number().min(0),
  offset: z.int().min(0).nullish(),
  columns: z.array(Name).min(1).max(COLUMNS_MAX).nullish(),
  filter: z.string().nullish(),
  prefilter: z.literal(true).nullish(),
  full_text_query: FullText.nullish(),
  distance_type: z.enum(["cosine", "l2", "dot"]).nullish(),
  nprobes: Probes,
  minimum_nprobes: Probes,
  maximum_nprobes: Probes,
  refine_factor: z.int().min(1).max(REFINE_MAX).nullish(),
  /** Of an index that is not made here. */
  ef: z.null().optional(),
  lower_bound: z.null().optional(),
  upper_bound: z.null().optional(),
  bypass_vector_index: z.boolean().nullish(),
  order_by: z
    .array(
      z.strictObject({
        column_name: Name,
        ascending: z.boolean().optional(),
        nulls_first: z.boolean().optional(),
      }),
    )
    .max(COLUMNS_MAX)
    .nullish(),
  version: z.int().min(1).nullish(),
  with_row_id: z.boolean().nullish(),
});

const Counting = z.strictObject({
  predicate: z.string().nullish(),
  version: z.int().min(1).nullish(),
});

export interface ParsedQuery {
  readonly version?: number;
  readonly query: Omit<TableQuery, "timeoutMs">;
}

/** Throws AppError invalid_request that names the first field that is wrong. */
export function parseQuery(body: unknown): ParsedQuery {
  const parsed = check(Body, body);
  const { vector = [], full_text_query: text, version, columns, filter } = parsed;
  const nearest = vector.length === 0 ? undefined : toNearest(vector, parsed);
  const fullText = isGiven(text) ? toFullText(text) : undefined;
  if (nearest !== undefined && fullText !== undefined) {
    throw refuse("vector", "cannot stand beside full_text_query; send two queries and merge them");
  }
  const query = {
    ...onlyGiven({ nearest, fullText, filter, columns }),
    orderBy: toOrder(parsed.order_by ?? []),
    limit: parsed.k,
    offset: parsed.offset ?? 0,
    withRowId: parsed.with_row_id ?? false,
  };
  return { ...onlyGiven({ version }), query };
}

function toOrder(wanted: NonNullable<z.output<typeof Body>["order_by"]>): readonly RowOrder[] {
  return wanted.map(({ column_name: column, ascending, nulls_first: nullsFirst }) => ({
    column,
    isAscending: ascending ?? true,
    areNullsFirst: nullsFirst ?? false,
  }));
}

/** Of `describe` and the like, whose body may be missing, and of `count_rows`. */
export function parseCounting(body: unknown): {
  readonly version?: number;
  readonly filter?: string;
} {
  const { predicate: filter, version } = check(Counting, body);
  return onlyGiven({ version, filter });
}

function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

type Given<T> = { readonly [Name in keyof T]?: NonNullable<T[Name]> };

/** Without what is null or missing. */
function onlyGiven<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => isGiven(value)),
  ) as Given<T>;
}

function check<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0]?.slice(0, 80) : undefined;
  if (unknown !== undefined) throw refuse(unknown, "is nothing that is honoured here");
  const [field = ""] = issue?.path.map(String) ?? [];
  const wanted = Object.hasOwn(HONOURED, field) ? HONOURED[field] : undefined;
  if (wanted !== undefined) throw refuse(field, wanted);
  throw refuse(issue?.path.join(".") || "the body", "is not of a form that is honoured here");
}

function toNearest(vector: readonly unknown[], body: z.output<typeof Body>): NearestQuery {
  if (Array.isArray(vector[0])) {
    throw refuse("vector", "must be one vector; send a query for each");
  }
  if (!vector.every((value) => typeof value === "number")) {
    throw refuse("vector", "must be numbers");
  }
  const { k, minimum_nprobes: least, maximum_nprobes: most } = body;
  if (k < 1) throw refuse("k", "must be at least 1 where nearest rows are looked for");
  if (isGiven(least) && isGiven(most) && most > 0 && least > most) {
    throw refuse("minimum_nprobes", "must not exceed maximum_nprobes");
  }
  return {
    vector: Float32Array.from(vector),
    distance: body.distance_type ?? "l2",
    ...onlyGiven({
      probesMin: body.minimum_nprobes ?? body.nprobes,
      probesMax: body.maximum_nprobes ?? body.nprobes,
      refineFactor: body.refine_factor,
    }),
    isExact: body.bypass_vector_index ?? false,
  };
}

function toFullText({ query }: z.output<typeof FullText>): FullTextQuery {
  if (typeof query === "string") return { terms: query, boost: 1, needsAll: false };
  let left = CLAUSES_MAX;
  const read = (clause: Clause, depth: number): FullTextQuery => {
    left -= 1;
    if (left < 0 || depth > CLAUSE_DEPTH_MAX) {
      const most = `${CLAUSES_MAX} parts, ${CLAUSE_DEPTH_MAX} levels deep`;
      throw refuse("full_text_query", `may have at most ${most}`);
    }
    if ("match" in clause) {
      const { terms, boost = 1, operator } = clause.match;
      return { terms, boost, needsAll: operator === "And" };
    }
    const { must = [], must_not: mustNot = [], should = [] } = clause.boolean;
    if (must.length + should.length === 0) {
      throw refuse("full_text_query", "must look for something: must or should is empty");
    }
    const readAll = (clauses: readonly Clause[]) => clauses.map((one) => read(one, depth + 1));
    return { must: readAll(must), mustNot: readAll(mustNot), should: readAll(should) };
  };
  return read(query, 0);
}
