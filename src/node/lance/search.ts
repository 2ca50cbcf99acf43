/** The two arms as native queries. Row ids and scores only: reading texts here would cost as much as the search. */
import type { Query, Table } from "@lancedb/lancedb";
import type { CollectionInfo } from "../../domain/collection.ts";
import { QUERY_TERMS_MAX } from "../../stores/check.ts";
import type { StoreHit, WeightedTerm } from "../../stores/store.ts";
import { toIdf } from "../../text/idf.ts";
import { lancedb } from "./native.ts";
import type { TermTable } from "../../stores/lance/term-table.ts";
import { toProbes } from "./vector-index.ts";

/** Boosts this close to each other are one. */
const BOOST_TOLERANCE = 1e-3;

interface SearchOptions {
  readonly limit: number;
  readonly where: string | undefined;
  /** The native side looks at it between batches. */
  readonly timeoutMs: number;
}

interface KeywordOptions extends SearchOptions {
  readonly counted: TermTable | undefined;
  readonly version: number;
}

/** Nearest by cosine; exact below the size at which a vector index is made. */
export async function vectorSearch(
  table: Table,
  vector: Float32Array,
  { limit, where, timeoutMs, info }: SearchOptions & { readonly info: CollectionInfo },
): Promise<readonly StoreHit[]> {
  const { min, max } = toProbes(info.chunks);
  const nearest = table.vectorSearch(vector).distanceType("cosine").nprobes(min);
  // A filter may leave too few hits in the nearest partitions; only then is it worth reading more.
  const query = where === undefined ? nearest : nearest.maximumNprobes(max).where(where);
  const found = await query.select(["_distance"]).withRowId().limit(limit).toArrow({ timeoutMs });
  return toHits(found, "_distance").map(({ row, score }) => ({ row, score: 1 - score }));
}

/**
 * BM25 in which each term weighs the given idf: the native score holds the collection's own idf, so each term
 * is boosted by given over own (idf of Robertson and Sparck Jones with 1 added, as in Lucene and LanceDB).
 */
export async function keywordSearch(
  table: Table,
  terms: readonly WeightedTerm[],
  { limit, where, timeoutMs, counted, version }: KeywordOptions,
): Promise<readonly StoreHit[]> {
  // With statistics of this very version, a term that no chunk holds need not be looked up.
  const isAbsent = (term: string): boolean =>
    counted?.version === version && counted.frequency(term) === 0;
  const weighted = terms
    .filter(({ term }) => !isAbsent(term))
    .toSorted((a, b) => b.idf - a.idf)
    .slice(0, QUERY_TERMS_MAX)
    .map(({ term, idf }) => {
      const own = toIdf(counted?.frequency(term) ?? 0, counted?.chunks ?? 0);
      return { form: counted?.formOf(term) ?? term, boost: own > 0 ? idf / own : 1 };
    });
  if (weighted.length === 0) return [];
  const matching = table.query().fullTextSearch(toFullTextQuery(weighted));
  const query = where === undefined ? matching : matching.where(where);
  const found = await query.select(["_score"]).withRowId().limit(limit).toArrow({ timeoutMs });
  return toHits(found, "_score");
}

/** One query where the collection's own weights are right already, as when it is asked alone; it costs two thirds. */
function toFullTextQuery(terms: readonly { form: string; boost: number }[]): lancedb.FullTextQuery {
  const boosts = terms.map(({ boost }) => boost);
  const [first = 1] = boosts;
  if (boosts.every((boost) => Math.abs(boost / first - 1) <= BOOST_TOLERANCE)) {
    const text = terms.map(({ form }) => form).join(" ");
    return new lancedb.MatchQuery(text, "content", { boost: first });
  }
  return new lancedb.BooleanQuery(
    terms.map(({ form, boost }) => [
      lancedb.Occur.Should,
      new lancedb.MatchQuery(form, "content", { boost }),
    ]),
  );
}

/** Rows without a vector come back without a distance; they are no hits. */
function toHits(found: Awaited<ReturnType<Query["toArrow"]>>, column: string): StoreHit[] {
  const rows = found.getChild("_rowid");
  const scores = found.getChild(column);
  const hits: StoreHit[] = [];
  for (let index = 0; index < found.numRows; index += 1) {
    const score: unknown = scores?.get(index);
    const row: unknown = rows?.get(index);
    if (typeof score === "number" && Number.isFinite(score)) hits.push({ row: String(row), score });
  }
  return hits;
}
