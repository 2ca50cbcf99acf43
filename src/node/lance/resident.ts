/** A small collection held in memory whole: a native query would cost more than the comparison. */
import type { Hit } from "../../domain/hit.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Table } from "@lancedb/lancedb";
import type { Chunk } from "../../domain/chunk.ts";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import type { WeightedTerm } from "../../stores/store.ts";
import { toAnalyser } from "./analyser.ts";
import { createPieceAnalyser } from "./piece-analyser.ts";
import { createPostingsBuilder, type Postings } from "./postings.ts";
import { CHUNK_COLUMNS } from "../../stores/lance/row-detail.ts";
import { toChunk } from "./rows.ts";
import { findTopRows } from "../../stores/top-rows.ts";
import { createVectorBlock, type VectorBlock } from "./vector-block.ts";

/** One version of a collection. Everything it gives is what the native side would give. */
export interface Resident {
  /** Memory it takes, roughly. */
  readonly bytes: number;
  /** Nearest by cosine, best first. */
  nearest(vector: Float32Array, limit: number): readonly Hit[];
  /** Best by BM25, best first. */
  matching(terms: readonly WeightedTerm[], limit: number): readonly Hit[];
  /** The chunk of a row; undefined when the row is gone or was damaged when it was read. */
  chunk(row: string): Chunk | undefined;
}

/** 4 MiB of vectors: 2,700 chunks of 384 dimensions, 4,000 of 256. */
const VALUES_MAX = 2 ** 20;
/** Rows worked on before other work gets its turn. */
const ROWS_AT_ONCE = 16;
/** What a chunk takes beside its text. */
const BYTES_PER_CHUNK = 600;

/** Is the collection small enough? */
export function isSmall({ chunks, dimensions }: CollectionInfo): boolean {
  return chunks > 0 && chunks * dimensions <= VALUES_MAX;
}

/** Reads a table that is checked out at one version. Gives way to other work while it does. */
export async function loadResident(table: Table, spec: CollectionSpec): Promise<Resident> {
  const found = await table
    .query()
    .select([...CHUNK_COLUMNS, "vector"])
    .withRowId()
    .toArrow();
  const [ids, contents, details, vectors] = ["_rowid", ...CHUNK_COLUMNS, "vector"].map((name) =>
    found.getChild(name),
  );
  const block = createVectorBlock(found.numRows, spec.dimensions);
  const rows: string[] = [];
  const chunks: (Chunk | undefined)[] = [];
  const texts: string[] = [];
  for (let row = 0; row < found.numRows; row += 1) {
    if (row % ROWS_AT_ONCE === 0) await nextTurn();
    const content: unknown = contents?.get(row);
    const vector = vectors?.get(row) as { toArray(): Float32Array } | null | undefined;
    rows.push(String(ids?.get(row)));
    texts.push(typeof content === "string" ? content : "");
    const detail: unknown = details?.get(row);
    chunks.push(toChunk({ content, detail }));
    if (vector !== null && vector !== undefined) block.set(row, vector.toArray());
  }
  const postings = await readPostings(texts, spec);
  const textBytes = texts.reduce((sum, text) => sum + BYTES_PER_CHUNK + text.length, 0);
  return createResident({ rows, chunks, block, postings, textBytes });
}

interface Parts {
  readonly rows: readonly string[];
  readonly chunks: readonly (Chunk | undefined)[];
  readonly block: VectorBlock;
  readonly postings: Postings;
  readonly textBytes: number;
}

function createResident({ rows, chunks, block, postings, textBytes }: Parts): Resident {
  const places = new Map(rows.map((row, index) => [row, index]));
  const rowOf = (index: number): string => rows[index] ?? "";
  return {
    bytes: block.bytes + postings.bytes + textBytes,
    nearest: (vector, limit) =>
      block.nearest(vector, limit).map(({ row, score }) => ({ row: rowOf(row), score })),
    matching(terms, limit) {
      const scores = postings.score(terms);
      const best = findTopRows(scores, { limit, floor: 0 });
      return best.map((row) => ({ row: rowOf(row), score: scores[row] ?? 0 }));
    },
    chunk: (row) => chunks[places.get(row) ?? -1],
  };
}

async function readPostings(texts: readonly string[], spec: CollectionSpec): Promise<Postings> {
  const analyser = createPieceAnalyser(toAnalyser(spec));
  const builder = createPostingsBuilder();
  for (let from = 0; from < texts.length; from += ROWS_AT_ONCE) {
    const analysed = await analyser.analyse(texts.slice(from, from + ROWS_AT_ONCE));
    for (const terms of analysed) builder.add(terms);
    await nextTurn();
  }
  return builder.build();
}
