/** The tables of a LanceDB server: the few requests of its protocol that a store needs, as its own clients send them. */
import * as z from "zod";
import { type ArrowTable, readArrow } from "./arrow-table.ts";
import type { ServerCall } from "./server-call.ts";
import type { BoostedTerm } from "./weigh-terms.ts";

/** Most tables of one database that are looked at. */
const TABLES_MAX = 10_000;
/** Most rows of one answer: hits, the chunks of a document, a page of documents. */
const ROWS_MAX = 2_000;

const Listed = z.object({ tables: z.array(z.string()).max(TABLES_MAX) });
/** Checked as a whole: of an answer of 32 MiB each wrong value would be a fault of its own. */
const Metadata = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string"),
);
const Described = z.object({
  version: z.int().positive(),
  schema: z.object({ metadata: Metadata.nullish() }),
});
const Counted = z.int().nonnegative();

export interface Description {
  readonly version: number;
  /** Of the schema. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A table at one version. */
export interface TableAt {
  readonly table: string;
  /** Null: the newest. */
  readonly version: number | null;
}

export interface PlainQuery {
  readonly columns?: readonly string[];
  readonly filter?: string;
  readonly limit: number;
  readonly orderBy?: string;
  readonly withRowId?: boolean;
  readonly timeoutMs?: number;
}

interface SearchQuery {
  readonly filter: string | undefined;
  readonly limit: number;
  readonly timeoutMs: number;
}

export interface NearestQuery extends SearchQuery {
  readonly vector: Float32Array;
  /** Parts of the vector index to read: at least, and at most. */
  readonly probes: { readonly min: number; readonly max: number };
}

export interface MatchingQuery extends SearchQuery {
  readonly terms: readonly BoostedTerm[];
}

export interface ServerTables {
  list(signal: AbortSignal): Promise<readonly string[]>;
  describe(table: string, signal: AbortSignal): Promise<Description>;
  count(at: TableAt, predicate: string | undefined, signal: AbortSignal): Promise<number>;
  plain(at: TableAt, query: PlainQuery, signal: AbortSignal): Promise<ArrowTable>;
  nearest(at: TableAt, query: NearestQuery, signal: AbortSignal): Promise<ArrowTable>;
  matching(at: TableAt, query: MatchingQuery, signal: AbortSignal): Promise<ArrowTable>;
}

/** Creates the requests over the calls. Throws what those throw. */
export function createServerTables(call: ServerCall): ServerTables {
  const post = <T>(
    { table, version }: TableAt,
    operation: string,
    request: { body: object; timeoutMs?: number; read: (bytes: Uint8Array) => T },
    signal: AbortSignal,
  ): Promise<T> =>
    call(
      {
        method: "POST",
        path: `/v1/table/${encodeURIComponent(table)}/${operation}/`,
        table,
        ...request,
        body: { ...request.body, version },
      },
      signal,
    );
  const query = (at: TableAt, body: object, timeoutMs: number | undefined, signal: AbortSignal) => {
    const limits = timeoutMs === undefined ? {} : { timeoutMs };
    const read = (bytes: Uint8Array) => readArrow(bytes, ROWS_MAX);
    return post(at, "query", { body: { prefilter: true, ...body }, ...limits, read }, signal);
  };
  return {
    async list(signal) {
      const path = `/v1/table/?limit=${TABLES_MAX}`;
      const read = (bytes: Uint8Array) => readJson(bytes, Listed);
      return (await call({ method: "GET", path, read }, signal)).tables;
    },
    async describe(table, signal) {
      const path = `/v1/table/${encodeURIComponent(table)}/describe/`;
      const read = (bytes: Uint8Array) => readJson(bytes, Described);
      const { version, schema } = await call({ method: "POST", path, table, read }, signal);
      return { version, metadata: schema.metadata ?? {} };
    },
    count: (at, predicate, signal) => {
      const read = (bytes: Uint8Array) => readJson(bytes, Counted);
      const body = predicate === undefined ? {} : { predicate };
      return post(at, "count_rows", { body, read }, signal);
    },
    plain: (at, plain, signal) => query(at, toPlainBody(plain), plain.timeoutMs, signal),
    nearest: (at, nearest, signal) => query(at, toNearestBody(nearest), nearest.timeoutMs, signal),
    matching: (at, matching, signal) =>
      query(at, toMatchingBody(matching), matching.timeoutMs, signal),
  };
}

function toPlainBody({ columns, filter, limit, orderBy, withRowId }: PlainQuery): object {
  return {
    vector: [],
    k: limit,
    ...(columns === undefined ? {} : { columns }),
    ...(filter === undefined ? {} : { filter }),
    ...(orderBy === undefined
      ? {}
      : { order_by: [{ column_name: orderBy, ascending: true, nulls_first: false }] }),
    ...(withRowId === true ? { with_row_id: true } : {}),
  };
}

function toNearestBody({ vector, probes, filter, limit }: NearestQuery): object {
  return {
    vector: [...vector],
    k: limit,
    columns: ["_distance"],
    with_row_id: true,
    distance_type: "cosine",
    nprobes: probes.min,
    minimum_nprobes: probes.min,
    maximum_nprobes: probes.max,
    ...NO_TUNING,
    ...(filter === undefined ? {} : { filter }),
  };
}

const NO_TUNING = { ef: null, refine_factor: null, lower_bound: null, upper_bound: null };

function toMatchingBody({ terms, filter, limit }: MatchingQuery): object {
  return {
    vector: [],
    k: limit,
    columns: ["_score"],
    with_row_id: true,
    full_text_query: { query: toFullText(terms) },
    ...(filter === undefined ? {} : { filter }),
  };
}

function toFullText(terms: readonly BoostedTerm[]): object {
  const should = terms.map(({ form, boost }) => ({
    match: {
      terms: form,
      column: "content",
      boost,
      operator: "Or",
      fuzziness: 0,
      max_expansions: 50,
      prefix_length: 0,
    },
  }));
  const [first, ...others] = should;
  return first !== undefined && others.length === 0
    ? first
    : { boolean: { must: [], must_not: [], should } };
}

/** Throws SyntaxError for what is no JSON, and RangeError for another form. */
function readJson<T>(bytes: Uint8Array, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (parsed.success) return parsed.data;
  throw new RangeError("an answer of another form");
}
