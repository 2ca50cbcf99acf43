/** Exact vector search in memory, for collections so small that a native query costs more than the comparison. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionInfo } from "../../domain/collection.ts";
import type { StoreHit } from "../../stores/store.ts";

/** Vectors of a snapshot, one after the other, with the row of each. */
export interface VectorBlock {
  readonly rows: readonly string[];
  readonly values: Float32Array;
}

/** 4 MiB of vectors, about a millisecond to compare: 2,700 chunks of 384 dimensions, 4,000 of 256. */
const VALUES_MAX = 2 ** 20;

/** Is the collection small enough? */
export function isScannable({ chunks, dimensions }: CollectionInfo): boolean {
  return chunks * dimensions <= VALUES_MAX;
}

/** Reads the vectors of a snapshot's table; chunks without one are left out. */
export async function readVectors(table: Table, dimensions: number): Promise<VectorBlock> {
  const found = await table
    .query()
    .where("vector IS NOT NULL")
    .select(["vector"])
    .withRowId()
    .toArrow();
  const [ids, vectors] = [found.getChild("_rowid"), found.getChild("vector")];
  const values = new Float32Array(found.numRows * dimensions);
  const rows: string[] = [];
  for (let index = 0; index < found.numRows; index += 1) {
    const vector = vectors?.get(index) as { toArray(): Float32Array } | null | undefined;
    if (vector === null || vector === undefined) continue;
    values.set(vector.toArray(), rows.length * dimensions);
    rows.push(String(ids?.get(index)));
  }
  return { rows, values };
}

/** The nearest by cosine, best first; equal scores keep the order of the rows. All vectors have unit length. */
export function scan(
  { rows, values }: VectorBlock,
  query: Float32Array,
  limit: number,
): StoreHit[] {
  const scores = compare(values, query, rows.length);
  const ranked = scores.toSorted();
  // Everything from the limit-th best score on; ties beyond the limit are cut below.
  const least = ranked[Math.max(0, ranked.length - limit)] ?? 0;
  const hits: StoreHit[] = [];
  for (const [index, score] of scores.entries()) {
    if (score >= least) hits.push({ row: rows[index] ?? "", score });
  }
  return hits.toSorted((a, b) => b.score - a.score).slice(0, limit);
}

/** Dot products in four sums, so that one addition need not wait for the other. */
function compare(values: Float32Array, query: Float32Array, count: number): Float32Array {
  const dimensions = query.length;
  const whole = dimensions - (dimensions % 4);
  const scores = new Float32Array(count);
  for (let row = 0, from = 0; row < count; row += 1, from += dimensions) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let at = 0; at < whole; at += 4) {
      const here = from + at;
      // Within bounds by construction; a default would cost as much as the product.
      a += (values[here] as number) * (query[at] as number);
      b += (values[here + 1] as number) * (query[at + 1] as number);
      c += (values[here + 2] as number) * (query[at + 2] as number);
      d += (values[here + 3] as number) * (query[at + 3] as number);
    }
    for (let at = whole; at < dimensions; at += 1) {
      a += (values[from + at] as number) * (query[at] as number);
    }
    scores[row] = a + b + c + d;
  }
  return scores;
}
