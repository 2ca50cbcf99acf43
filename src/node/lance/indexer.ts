/** Brings a table's indexes up to its last commit. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { toAnalyser } from "./analyser.ts";
import { lancedb } from "./native.ts";
import { RETRAIN_FACTOR } from "../../stores/lance/probes.ts";
import { createVectorIndex, INDEX_ROWS_MIN } from "./vector-index.ts";

/** The names LanceDB gives to indexes of these columns. */
export const TEXT_INDEX = "content_idx";
export const VECTOR_INDEX = "vector_idx";

/** Nothing is older. */
const LONG_AGO = new Date(0);

export interface IndexOptions {
  /** Chunks there were when the vector index was trained; 0 when that is not known. */
  readonly trainedRows: number;
  /** Makes those anew that are there, which may hold what was deleted, and then merges the files once more. */
  readonly isAnew: boolean;
  readonly progress: (step: string) => void;
}

/**
 * Makes missing indexes, adds new rows to those that are there, merges small files. Indexes are only made when
 * there are rows: a full-text index of an empty table has returned wrong results.
 * Returns the number of chunks the vector index was trained on.
 */
export async function updateIndexes(
  table: Table,
  spec: CollectionSpec,
  options: IndexOptions,
): Promise<number> {
  const { isAnew, progress } = options;
  const rows = await table.countRows();
  if (rows === 0) return 0;
  progress("compact");
  await compact(table);
  const trained = await updateVectorIndex(table, rows, options);
  if (isAnew || (await table.indexStats(TEXT_INDEX)) === undefined) {
    progress("full-text index");
    await createTextIndex(table, spec);
  }
  if (isAnew) {
    // Last, so that an update that ended before this finds the rows still there that it has to clear away.
    progress("files without what was deleted");
    await compact(table);
  }
  return trained;
}

/** Without cleaning up: old versions may go only when the new one is on disk. */
async function compact(table: Table): Promise<void> {
  await table.optimize({ cleanupOlderThan: LONG_AGO });
}

async function updateVectorIndex(
  table: Table,
  rows: number,
  { trainedRows, isAnew, progress }: IndexOptions,
): Promise<number> {
  const there = (await table.indexStats(VECTOR_INDEX)) !== undefined;
  const outgrown = rows > RETRAIN_FACTOR * trainedRows || rows * RETRAIN_FACTOR < trainedRows;
  if (there && !outgrown && !isAnew) return trainedRows;
  if (rows < INDEX_ROWS_MIN || (await table.countRows("vector IS NOT NULL")) < INDEX_ROWS_MIN) {
    if (!isAnew) return there ? trainedRows : 0;
    if (there) await table.dropIndex(VECTOR_INDEX);
    return 0;
  }
  progress("vector index");
  await table.createIndex("vector", { config: createVectorIndex(rows), replace: true });
  return rows;
}

/** Makes the full-text index anew; the repair for a damaged one. */
export async function createTextIndex(table: Table, spec: CollectionSpec): Promise<void> {
  const config = lancedb.Index.fts({ ...toAnalyser(spec), withPosition: false });
  await table.createIndex("content", { config, replace: true });
}
