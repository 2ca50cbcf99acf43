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
/**
 * Chunks that the indexes may lack after a write, and pieces that these may lie in: they are searched one by one, which
 * takes 0.04 ms a chunk and 0.3 ms a piece. Adding to the full-text index writes all of it anew, however few they are.
 */
const LACKING_MAX = 200;
const LACKING_SHARE_MAX = 0.05;
const LACKING_FILES_MAX = 32;
/** LanceDB adds to a vector index by one more part, and every search reads all of them: 0.3 ms each. */
const VECTOR_PARTS_MAX = 16;

export interface IndexOptions {
  /** Chunks there were when the vector index was trained; 0 when that is not known. */
  readonly trainedRows: number;
  /** Chunks that came or went since the indexes were written; undefined when that is not known. */
  readonly changedRows: number | undefined;
  /**
   * `enough`: a few chunks may be left to be searched one by one. `all`: none, and the vector index is of one part.
   * `anew`: indexes that are there may hold what was deleted and are made again.
   */
  readonly extent: "enough" | "all" | "anew";
  readonly progress: (step: string) => void;
}

/** As `IndexOptions` has them, for the next time. */
export type Indexed = Pick<IndexOptions, "trainedRows" | "changedRows">;

/** Most chunks of so many that the indexes may lack without anything being wrong. */
export function toLackingMax(rows: number): number {
  return Math.min(LACKING_MAX, Math.floor(rows * LACKING_SHARE_MAX));
}

/**
 * Makes missing indexes, adds new rows to those that are there, merges small files. Indexes are only made when
 * there are rows: a full-text index of an empty table has returned wrong results.
 */
export async function updateIndexes(
  table: Table,
  spec: CollectionSpec,
  options: IndexOptions,
): Promise<Indexed> {
  const { extent, progress } = options;
  const rows = await table.countRows();
  if (rows === 0) return { trainedRows: 0, changedRows: 0 };
  if (extent === "enough" && (await holdEnough(table, rows, options))) return options;
  progress("compact");
  await compact(table);
  const parts = (await table.indexStats(VECTOR_INDEX))?.numIndices ?? 0;
  const trainedRows = await updateVectorIndex(table, rows, options);
  if (extent === "anew" || (await table.indexStats(TEXT_INDEX)) === undefined) {
    progress("full-text index");
    await createTextIndex(table, spec);
  }
  if (extent === "anew") {
    // Last, so that an update that ended before this finds the rows still there that it has to clear away.
    progress("files without what was deleted");
    await compact(table);
  } else if (extent === "all" && parts > 1) {
    // LanceDB merges files only where each index holds them in one part.
    progress("files");
    await compact(table);
  }
  return { trainedRows, changedRows: 0 };
}

/**
 * Is what the indexes lack so little that it is better searched one by one? What is gone counts too: the weights of
 * words that the full-text index reckons with are those of when it was written.
 */
async function holdEnough(
  table: Table,
  rows: number,
  { trainedRows, changedRows = Infinity }: Indexed,
): Promise<boolean> {
  const lackingMax = toLackingMax(rows);
  if (changedRows > lackingMax) return false;
  const [text, vector, { fragmentStats }] = await Promise.all([
    table.indexStats(TEXT_INDEX),
    table.indexStats(VECTOR_INDEX),
    table.stats(),
  ]);
  if (text === undefined || text.numUnindexedRows > lackingMax) return false;
  if (vector === undefined) return !(await needsVectorIndex(table, rows));
  const { numIndices: parts = 1 } = vector;
  return (
    vector.numUnindexedRows <= lackingMax &&
    fragmentStats.numFragments - parts <= LACKING_FILES_MAX &&
    !isOutgrown(rows, trainedRows)
  );
}

/** Are there enough chunks with a vector? */
export async function needsVectorIndex(table: Table, rows: number): Promise<boolean> {
  if (rows < INDEX_ROWS_MIN) return false;
  return (await table.countRows("vector IS NOT NULL")) >= INDEX_ROWS_MIN;
}

function isOutgrown(rows: number, trainedRows: number): boolean {
  return rows > RETRAIN_FACTOR * trainedRows || rows * RETRAIN_FACTOR < trainedRows;
}

/** Without cleaning up: old versions may go only when the new one is on disk. */
async function compact(table: Table): Promise<void> {
  await table.optimize({ cleanupOlderThan: LONG_AGO });
}

async function updateVectorIndex(
  table: Table,
  rows: number,
  { trainedRows, extent, progress }: IndexOptions,
): Promise<number> {
  const there = await table.indexStats(VECTOR_INDEX);
  const partsMax = extent === "enough" ? VECTOR_PARTS_MAX : 1;
  const isWhole = there !== undefined && (there.numIndices ?? 1) <= partsMax;
  if (isWhole && extent !== "anew" && !isOutgrown(rows, trainedRows)) return trainedRows;
  if (!(await needsVectorIndex(table, rows))) {
    if (extent !== "anew") return there === undefined ? 0 : trainedRows;
    if (there !== undefined) await table.dropIndex(VECTOR_INDEX);
    return 0;
  }
  progress("vector index");
  await createVectorIndex(table, rows);
  return rows;
}

/** Makes the full-text index anew; the repair for a damaged one. */
export async function createTextIndex(table: Table, spec: CollectionSpec): Promise<void> {
  const config = lancedb.Index.fts({ ...toAnalyser(spec), withPosition: false });
  await table.createIndex("content", { config, replace: true });
}
