/** Reads a whole collection and says what is wrong with it. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { checkVector } from "../../stores/check.ts";
import { needsVectorIndex, TEXT_INDEX, toLackingMax, VECTOR_INDEX } from "./indexer.ts";
import { toAnalyser } from "./analyser.ts";
import { readDocuments } from "./documents.ts";
import { CHUNK_COLUMNS } from "../../stores/lance/row-detail.ts";
import { toChunk } from "./rows.ts";
import { createTermCounter } from "./term-counter.ts";
import type { TermTable } from "../../stores/lance/term-table.ts";
import { type Chunk, toContent } from "../../domain/chunk.ts";

/** Findings listed of one kind; the rest is a number. */
const EXAMPLES_MAX = 10;

interface VerifyOptions {
  readonly table: Table;
  readonly spec: CollectionSpec;
  readonly saved: TermTable | undefined;
  readonly signal: AbortSignal;
}

/** What reading everything found. */
export interface Verified {
  /** One line for each thing that is wrong. */
  readonly lines: readonly string[];
  /** Documents of which a chunk is damaged, missing or there twice. */
  readonly damaged: ReadonlySet<string>;
}

/** Reads everything. Throws what the native library throws when the table cannot be read at all. */
export async function verifyTable(options: VerifyOptions): Promise<Verified> {
  const { table } = options;
  const rows = await table.countRows();
  const read = await verifyRows(options);
  const lines = [...summarise(read.damaged, "damaged"), ...summarise(read.twice, "there twice")];
  if (read.rows !== rows) lines.push(`${rows} chunks are counted, ${read.rows} can be read`);
  const damaged = new Set(read.damagedDocuments);
  for (const { id, chunks } of (await readDocuments(table)).values()) {
    const found = read.documents.get(id) ?? 0;
    if (found === chunks) continue;
    damaged.add(id);
    lines.push(`document "${id}" has ${found} of its ${chunks} chunks`);
  }
  const indexes = rows > 0 ? await verifyIndexes(table, rows) : [];
  const terms = verifyTerms(options.saved, read.terms, await table.version());
  return { lines: [...lines, ...indexes, ...terms], damaged };
}

interface Read {
  readonly rows: number;
  readonly damaged: readonly string[];
  readonly twice: readonly string[];
  readonly damagedDocuments: ReadonlySet<string>;
  readonly documents: ReadonlyMap<string, number>;
  readonly terms: TermTable;
}

async function verifyRows({ table, spec, signal }: VerifyOptions): Promise<Read> {
  const counter = createTermCounter(toAnalyser(spec));
  const ids = new Set<string>();
  const documents = new Map<string, number>();
  const damaged: string[] = [];
  const twice: string[] = [];
  const damagedDocuments = new Set<string>();
  let rows = 0;
  const columns = ["id", "documentId", "position", "title", ...CHUNK_COLUMNS, "vector"];
  for await (const batch of table.query().select(columns)) {
    signal.throwIfAborted();
    const contents: string[] = [];
    for (const row of batch.toArray() as Record<string, unknown>[]) {
      rows += 1;
      const id = String(row["id"]);
      const chunk = toChunk(row);
      const isTwice = ids.has(id);
      if (isTwice) twice.push(id);
      ids.add(id);
      const isSound = isRowSound(row, chunk) && isVectorSound(row["vector"], spec);
      if (!isSound) damaged.push(id);
      if (!isSound || isTwice) damagedDocuments.add(String(row["documentId"]));
      if (chunk === undefined) continue;
      contents.push(toContent(chunk));
      documents.set(chunk.documentId, (documents.get(chunk.documentId) ?? 0) + 1);
    }
    await counter.add(contents);
  }
  const at = { version: await table.version(), trainedRows: 0, changedRows: 0 };
  const terms = await counter.toTable(at);
  return { rows, damaged, twice, damagedDocuments, documents, terms };
}

/** Do the columns that are searched say what the hashed part of the row says? */
function isRowSound(row: Readonly<Record<string, unknown>>, chunk: Chunk | undefined): boolean {
  return (
    chunk?.id === row["id"] &&
    chunk?.documentId === row["documentId"] &&
    chunk?.position === row["position"] &&
    chunk?.title.toWellFormed() === row["title"]
  );
}

function isVectorSound(value: unknown, spec: CollectionSpec): boolean {
  if (value === null || value === undefined) return true;
  try {
    checkVector(spec, Float32Array.from(value as Iterable<number>), "");
    return true;
  } catch {
    return false; // its reason is the finding
  }
}

async function verifyIndexes(table: Table, rows: number): Promise<string[]> {
  const findings: string[] = [];
  const expected = [
    [TEXT_INDEX, "full-text index"] as const,
    ...((await needsVectorIndex(table, rows)) ? [[VECTOR_INDEX, "vector index"] as const] : []),
  ];
  for (const [name, words] of expected) {
    const stats = await table.indexStats(name);
    if (stats !== undefined && !(await isReadable(table, name))) {
      findings.push(`the ${words} cannot be read; mend it with: pnpm ingest doctor --fix`);
    }
    if (stats === undefined)
      findings.push(`there is no ${words}; mend it with: pnpm ingest optimize`);
    else if (stats.numUnindexedRows > toLackingMax(rows)) {
      findings.push(
        `the ${words} lacks ${stats.numUnindexedRows} chunks; mend it with: pnpm ingest optimize`,
      );
    }
  }
  return findings;
}

async function isReadable(table: Table, index: string): Promise<boolean> {
  try {
    await table.prewarmIndex(index);
    return true;
  } catch {
    return false; // which is the finding
  }
}

function verifyTerms(saved: TermTable | undefined, counted: TermTable, version: number): string[] {
  if (saved === undefined) {
    return counted.chunks === 0
      ? []
      : ["there are no term statistics; mend it with: pnpm ingest optimize"];
  }
  if (saved.version !== version)
    return ["the term statistics are out of date; mend it with: pnpm ingest optimize"];
  const expected = new Map(counted.entries());
  let wrong = saved.chunks === counted.chunks ? 0 : 1;
  for (const [term, count] of saved.entries()) {
    if (expected.get(term) !== count) wrong += 1;
    expected.delete(term);
  }
  wrong += expected.size;
  return wrong === 0
    ? []
    : [`the term statistics are wrong for ${wrong} terms; mend it with: pnpm ingest optimize`];
}

function summarise(ids: readonly string[], what: string): string[] {
  const lines = ids.slice(0, EXAMPLES_MAX).map((id) => `chunk "${id}" is ${what}`);
  const more = ids.length - lines.length;
  return more > 0 ? [...lines, `${more} more chunks are ${what}`] : lines;
}
