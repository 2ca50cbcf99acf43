/** The words of a collection's object: FTS5's BM25 with the weights a query brings, and honest document frequencies. */
import type { Hit } from "../../domain/hit.ts";
import type { SqlStorage } from "cloudflare:workers";
import { QUERY_TERMS_MAX } from "../../stores/check.ts";
import type { WeightedTerm } from "../../stores/store.ts";
import { B, K1 } from "../../text/idf.ts";
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
    /** Mean number of terms of a chunk in the whole collection; null: what FTS5 counts here. */
    readonly chunkTerms: number | null;
  },
): readonly Hit[] {
  const { version, limit, filter, chunkTerms } = query;
  const averages = readAverages(sql);
  if (averages.rows === 0) return [];
  const terms = query.terms.toSorted((a, b) => b.idf - a.idf).slice(0, QUERY_TERMS_MAX);
  const tokens = terms.map(({ term }) => toToken(term));
  const counts = readCounts(sql, tokens);
  // FTS5 multiplies with a weight of its own, counted over its rows; divided out, the query's takes its place.
  const weighted = terms.flatMap(({ idf }, index) => {
    const token = tokens[index] ?? "";
    const count = counts.get(token) ?? 0;
    return count === 0 ? [] : [[toMatch(token), -1 / toFtsIdf(count, averages.rows), idf]];
  });
  if (weighted.length === 0) return [];
  const others = hasOthers(sql, state, version);
  const join = others || filter !== undefined ? "JOIN chunks c ON c.slot = f.slot" : "";
  const conditions = [
    others ? "c.born <= ?3 AND (c.died IS NULL OR c.died > ?3)" : "?3 >= 0",
    filter === undefined ? "?1 IS NOT NULL" : filter.where,
  ];
  const rows = sql.exec<{ slot: number; score: number }>(
    `WITH asked AS MATERIALIZED (
       SELECT json_extract(value, '$[0]') AS match, json_extract(value, '$[1]') AS factor, json_extract(value, '$[2]') AS idf
       FROM json_each(?2)),
     found AS MATERIALIZED (
       SELECT words.rowid AS slot, bm25(words) * t.factor AS part, t.idf AS idf
       FROM asked t CROSS JOIN words ON words MATCH t.match)
     ${toBestSql(averages.terms / averages.rows, chunkTerms, { join, where: conditions.join(" AND ") })}`,
    filter?.values ?? "[]",
    JSON.stringify(weighted),
    version,
    limit,
  );
  return rows.toArray().map(({ slot, score }) => ({ row: String(slot), score }));
}

/** Means that differ by less are the same. */
const SAME = 1e-9;

interface Readable {
  /** What `where` needs beside the slots `f` that were found. */
  readonly join: string;
  readonly where: string;
}

/**
 * The best slots with their scores. FTS5 measures a chunk's length by the mean of its own rows; where the
 * collection's is another one, the frequency is worked out of FTS5's share and measured by that one. No score
 * changes by more than the ratio of the two means, so that the others need not be looked at.
 */
function toBestSql(own: number, wanted: number | null, { join, where }: Readable): string {
  const sum = (share: string, from: string, and = ""): string =>
    `SELECT f.slot AS slot, sum(f.idf * ${share}) AS score FROM found f ${from} WHERE ${where}${and}
     GROUP BY f.slot ORDER BY score DESC, f.slot LIMIT ?4`;
  if (wanted === null || Math.abs(own - wanted) <= SAME * own) return sum("f.part", join);
  const norm = (mean: number): string => `(${K1 * (1 - B)} + ${(K1 * B) / mean} * c.terms)`;
  const top = K1 + 1;
  const frequency = `f.part * ${norm(own)}`;
  const share = `${frequency} * ${top} / (${frequency} + (${top} - f.part) * ${norm(wanted)})`;
  const change = Math.max(own / wanted, wanted / own) + SAME;
  const near = ` AND f.slot IN (SELECT slot FROM summed WHERE score >= (SELECT min(score) FROM best) / ${change})`;
  return `, summed AS MATERIALIZED (SELECT slot, sum(idf * part) AS score FROM found GROUP BY slot),
    best AS MATERIALIZED (SELECT f.slot AS slot, f.score AS score FROM summed f ${join}
      WHERE ${where} ORDER BY f.score DESC, f.slot LIMIT ?4)
    ${sum(share, "CROSS JOIN chunks c ON c.slot = f.slot", near)}`;
}

/** What the full-text index gets for a chunk: one token a term. */
export function toTokens(content: string, { spec }: State): readonly string[] {
  return analyse(content, spec).map(toToken);
}

/**
 * What FTS5 weighs and measures by: rows and tokens in all. It keeps them in its record 1 as two numbers of
 * seven bits a byte, and does not take off what is deleted.
 */
function readAverages(sql: SqlStorage): { readonly rows: number; readonly terms: number } {
  const [row] = sql
    .exec<{ block: ArrayBuffer }>("SELECT block FROM words_data WHERE id = 1")
    .toArray();
  const numbers: number[] = [];
  let value = 0;
  for (const byte of new Uint8Array(row?.block ?? new ArrayBuffer())) {
    value = value * 128 + (byte & 127);
    if (byte > 127) continue;
    numbers.push(value);
    value = 0;
  }
  const [rows = 0, terms = 0] = numbers;
  return { rows, terms };
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
  if (version >= state.version) return state.chunks;
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
