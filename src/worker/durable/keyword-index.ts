/** The words of a collection's object: FTS5's BM25 with the weights a query brings, and honest document frequencies. */
import type { SqlStorage } from "cloudflare:workers";
import { QUERY_TERMS_MAX } from "../../stores/check.ts";
import type { StoreHit, WeightedTerm } from "../../stores/store.ts";
import { analyse, toToken } from "./analyse.ts";
import type { FilterSql } from "./filter-sql.ts";
import type { TermsWire } from "./protocol.ts";
import type { State } from "./tables.ts";

/** FTS5 never weighs a term less than this. */
const FTS_IDF_MIN = 1e-6;

/** Distinct terms of the text with the chunks of the version that hold each. */
export function countTerms(
  sql: SqlStorage,
  state: State,
  version: number,
  text: string,
): TermsWire {
  const terms = [...new Set(analyse(text, state.spec))];
  const tokens = terms.map(toToken);
  const counts = readCounts(sql, tokens);
  if (hasOthers(sql, state, version)) subtractOthers(sql, version, counts);
  return {
    chunks: countChunks(sql, state, version),
    frequencies: terms.map((term, index) => [term, counts.get(tokens[index] ?? "") ?? 0] as const),
  };
}

/** Rows with their scores, best first. */
export function searchWords(
  sql: SqlStorage,
  state: State,
  query: {
    readonly version: number;
    readonly terms: readonly WeightedTerm[];
    readonly limit: number;
    readonly filter: FilterSql | undefined;
  },
): readonly StoreHit[] {
  const { version, limit, filter } = query;
  const terms = query.terms.toSorted((a, b) => b.idf - a.idf).slice(0, QUERY_TERMS_MAX);
  const tokens = terms.map(({ term }) => toToken(term));
  const counts = readCounts(sql, tokens);
  // FTS5 multiplies with a weight of its own, counted over its rows; divided out, it is the query's.
  const weighted = terms.flatMap(({ idf }, index) => {
    const token = tokens[index] ?? "";
    const count = counts.get(token) ?? 0;
    return count === 0 ? [] : [[toMatch(token), -idf / toFtsIdf(count, state.rows)]];
  });
  if (weighted.length === 0) return [];
  const conditions = [
    ...(hasOthers(sql, state, version)
      ? ["c.born <= ?3 AND (c.died IS NULL OR c.died > ?3)"]
      : ["?3 >= 0"]),
    filter === undefined ? "?1 IS NOT NULL" : filter.where,
  ];
  const join =
    filter === undefined && conditions[0] === "?3 >= 0" ? "" : "JOIN chunks c ON c.slot = f.slot";
  const rows = sql.exec<{ slot: number; score: number }>(
    `WITH found AS MATERIALIZED (
       SELECT words.rowid AS slot, bm25(words) * json_extract(t.value, '$[1]') AS part
       FROM json_each(?2) t JOIN words ON words MATCH json_extract(t.value, '$[0]')),
     summed AS MATERIALIZED (SELECT slot, sum(part) AS score FROM found GROUP BY slot)
     SELECT f.slot AS slot, f.score AS score FROM summed f ${join}
     WHERE ${conditions.join(" AND ")} ORDER BY f.score DESC, f.slot LIMIT ?4`,
    filter?.values ?? "[]",
    JSON.stringify(weighted),
    version,
    limit,
  );
  return rows.toArray().map(({ slot, score }) => ({ row: String(slot), score }));
}

/** The text that the full-text index holds for a chunk. */
export function toTokens(content: string, { spec }: State): string {
  return analyse(content, spec).map(toToken).join(" ");
}

/** Rows of the index that hold each token, whatever their version. */
function readCounts(sql: SqlStorage, tokens: readonly string[]): Map<string, number> {
  const rows = sql.exec<{ term: string; doc: number }>(
    "SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))",
    JSON.stringify(tokens),
  );
  return new Map(rows.toArray().map(({ term, doc }) => [term, doc]));
}

/** Does the index hold rows that are not of this version? */
function hasOthers(sql: SqlStorage, state: State, version: number): boolean {
  if (state.rows > state.chunks) return true;
  return version < state.version && isNewerThere(sql, version);
}

function isNewerThere(sql: SqlStorage, version: number): boolean {
  const [last] = sql
    .exec<{ born: number }>("SELECT born FROM chunks ORDER BY slot DESC LIMIT 1")
    .toArray();
  return last !== undefined && last.born > version;
}

/** Takes off the counts what other versions hold. */
function subtractOthers(sql: SqlStorage, version: number, counts: Map<string, number>): void {
  const matches = [...counts].filter(([, count]) => count > 0).map(([token]) => token);
  const rows = sql.exec<{ token: string; others: number }>(
    `SELECT t.value AS token, count(*) AS others
     FROM json_each(?1) t JOIN words ON words MATCH '"' || t.value || '"'
     JOIN chunks c ON c.slot = words.rowid
     WHERE c.born > ?2 OR c.died <= ?2 GROUP BY t.value`,
    JSON.stringify(matches),
    version,
  );
  for (const { token, others } of rows) counts.set(token, (counts.get(token) ?? 0) - others);
}

function countChunks(sql: SqlStorage, state: State, version: number): number {
  if (version === state.version) return state.chunks;
  return sql
    .exec<{ chunks: number }>(
      "SELECT count(*) AS chunks FROM chunks WHERE born <= ?1 AND (died IS NULL OR died > ?1)",
      version,
    )
    .one().chunks;
}

/** A token as a phrase: nothing in it is an operator. */
function toMatch(token: string): string {
  return `"${token}"`;
}

/** The weight FTS5 gives a term that this many of its rows hold (its documentation, section 5.1.1). */
function toFtsIdf(count: number, rows: number): number {
  return Math.max(FTS_IDF_MIN, Math.log((rows - count + 0.5) / (count + 0.5)));
}
