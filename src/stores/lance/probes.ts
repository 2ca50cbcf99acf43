/** How much of a collection's vector index a search reads. Values were set by measurement. */

/** The index is trained again when the collection has grown by this factor since. */
export const RETRAIN_FACTOR = 4;
const PARTITION_ROWS = 128;
/** Share of the partitions a search reads, and the fewest. */
const PROBE_SHARE = 0.1;
const PROBES_MIN = 20;

/** Fewest partitions to read, and most: all of them when a narrow filter leaves too few hits in the first. */
export function toProbes(rows: number): { readonly min: number; readonly max: number } {
  const partitions = toPartitions(rows);
  const min = Math.min(partitions, Math.max(PROBES_MIN, Math.ceil(partitions * PROBE_SHARE)));
  return { min, max: Math.max(min, partitions * RETRAIN_FACTOR) };
}

export function toPartitions(rows: number): number {
  return Math.max(1, Math.round(rows / PARTITION_ROWS));
}
