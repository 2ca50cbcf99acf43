/** When a vector index is worth it, which one, and how much of it a search reads. Values were set by measurement. */
import { lancedb } from "./native.ts";

/** Below this many chunks every vector is compared. Small indexes are read whole, so they stay exact, but from memory. */
export const INDEX_ROWS_MIN = 1_000;
/** The index is trained again when the collection has grown by this factor since. */
export const RETRAIN_FACTOR = 4;
/** Vectors a partition is trained on; more cost memory and time and did not raise the recall. */
const SAMPLE_RATE = 32;
const PARTITION_ROWS = 128;
/** Share of the partitions a search reads, and the fewest. */
const PROBE_SHARE = 0.1;
const PROBES_MIN = 20;

/**
 * IVF_FLAT keeps the vectors as they are: scores stay exact, and only the partitions that are not read can
 * cost recall. The quantised kinds needed refining to reach the same recall and were slower, or took ten times as long to build.
 */
export function createVectorIndex(rows: number): lancedb.Index {
  return lancedb.Index.ivfFlat({
    distanceType: "cosine",
    numPartitions: toPartitions(rows),
    sampleRate: SAMPLE_RATE,
  });
}

/** Fewest partitions to read, and most: all of them when a narrow filter leaves too few hits in the first. */
export function toProbes(rows: number): { readonly min: number; readonly max: number } {
  const partitions = toPartitions(rows);
  const min = Math.min(partitions, Math.max(PROBES_MIN, Math.ceil(partitions * PROBE_SHARE)));
  return { min, max: Math.max(min, partitions * RETRAIN_FACTOR) };
}

function toPartitions(rows: number): number {
  return Math.max(1, Math.round(rows / PARTITION_ROWS));
}
