/** When a vector index is worth it, and which one. Values were set by measurement. */
import { toPartitions } from "../../stores/lance/probes.ts";
import { lancedb } from "./native.ts";

/** Below this many chunks every vector is compared. Small indexes are read whole, so they stay exact, but from memory. */
export const INDEX_ROWS_MIN = 1_000;
/** Vectors a partition is trained on; more cost memory and time and did not raise the recall. */
const SAMPLE_RATE = 32;

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
