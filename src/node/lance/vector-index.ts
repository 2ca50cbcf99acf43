/** When a vector index is worth it, and which one. Values were set by measurement. */
import { toPartitions } from "../../stores/lance/probes.ts";
import { lancedb } from "./native.ts";

/** Below this many chunks every vector is compared. Small indexes are read whole, so they stay exact, but from memory. */
export const INDEX_ROWS_MIN = 1_000;
/** Vectors a partition is trained on; more cost memory and time and did not raise the recall. */
const SAMPLE_RATE = 32;

/** What LanceDB says where fewer partitions come of the vectors than it was to make. */
const TOO_ALIKE = /non-empty clusters/;

/**
 * Makes the index anew. IVF_FLAT keeps the vectors as they are: scores stay exact, and only the partitions that are not
 * read can cost recall. The quantised kinds needed refining to reach the same recall and were slower, or took ten times
 * as long to build. Rows that are nearly alike, as those of a log or a table, come to fewer partitions: half as many are
 * tried until it can be made.
 */
export async function createVectorIndex(table: lancedb.Table, rows: number): Promise<void> {
  for (let numPartitions = toPartitions(rows); ; numPartitions = Math.floor(numPartitions / 2)) {
    const config = lancedb.Index.ivfFlat({
      distanceType: "cosine",
      numPartitions,
      sampleRate: SAMPLE_RATE,
    });
    try {
      return await table.createIndex("vector", { config, replace: true });
    } catch (thrown) {
      if (numPartitions === 1 || !TOO_ALIKE.test(String(thrown))) throw thrown;
    }
  }
}
