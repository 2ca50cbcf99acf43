/** The two arms as native queries. Row ids and scores only: reading texts here would cost as much as the search. */
import type { Hit } from "../../domain/hit.ts";
import type { Query, Table } from "@lancedb/lancedb";
import type { CollectionInfo } from "../../domain/collection.ts";
import { toProbes } from "../../stores/lance/probes.ts";
import {
  type BoostedTerm,
  type CountedTerms,
  joinTerms,
  weighTerms,
} from "../../stores/lance/weigh-terms.ts";
import type { WeightedTerm } from "../../stores/store.ts";
import { lancedb } from "./native.ts";

interface SearchOptions {
  readonly limit: number;
  readonly where: string | undefined;
  /** The native side looks at it between batches. */
  readonly timeoutMs: number;
}

/** Nearest by cosine; exact below the size at which a vector index is made. */
export async function vectorSearch(
  table: Table,
  vector: Float32Array,
  { limit, where, timeoutMs, info }: SearchOptions & { readonly info: CollectionInfo },
): Promise<readonly Hit[]> {
  const { min, max } = toProbes(info.chunks);
  const nearest = table.vectorSearch(vector).distanceType("cosine").nprobes(min);
  // A filter may leave too few hits in the nearest partitions; only then is it worth reading more.
  const query = where === undefined ? nearest : nearest.maximumNprobes(max).where(where);
  const found = await query.select(["_distance"]).withRowId().limit(limit).toArrow({ timeoutMs });
  return toHits(found, "_distance").map(({ row, score }) => ({ row, score: 1 - score }));
}

/** BM25 in which each term weighs the given idf. */
export async function keywordSearch(
  table: Table,
  terms: readonly WeightedTerm[],
  { limit, where, timeoutMs, counted, version }: SearchOptions & CountedTerms,
): Promise<readonly Hit[]> {
  const weighted = weighTerms(terms, { counted, version });
  if (weighted.length === 0) return [];
  const matching = table.query().fullTextSearch(toFullTextQuery(weighted));
  const query = where === undefined ? matching : matching.where(where);
  const found = await query.select(["_score"]).withRowId().limit(limit).toArrow({ timeoutMs });
  return toHits(found, "_score");
}

function toFullTextQuery(terms: readonly BoostedTerm[]): lancedb.FullTextQuery {
  const [first, ...others] = joinTerms(terms).map(
    ({ form, boost }) => new lancedb.MatchQuery(form, "content", { boost }),
  );
  if (first !== undefined && others.length === 0) return first;
  return new lancedb.BooleanQuery(
    [first, ...others].flatMap((one) => (one === undefined ? [] : [[lancedb.Occur.Should, one]])),
  );
}

/** Rows without a vector come back without a distance; they are no hits. */
function toHits(found: Awaited<ReturnType<Query["toArrow"]>>, column: string): Hit[] {
  const rows = found.getChild("_rowid");
  const scores = found.getChild(column);
  const hits: Hit[] = [];
  for (let index = 0; index < found.numRows; index += 1) {
    const score: unknown = scores?.get(index);
    const row: unknown = rows?.get(index);
    if (typeof score === "number" && Number.isFinite(score)) hits.push({ row: String(row), score });
  }
  return hits;
}
