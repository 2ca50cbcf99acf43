/** Reads a whole collection and says what is wrong with it. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { checkVector } from "../../stores/check.ts";
import { INDEX_ROWS_MIN } from "./vector-index.ts";
import { TEXT_INDEX, VECTOR_INDEX } from "./indexer.ts";
import { toAnalyser } from "./analyser.ts";
import { readDocuments } from "./documents.ts";
import { CHUNK_COLUMNS, toChunk } from "./rows.ts";
import { createTermCounter } from "./term-counter.ts";
import type { TermTable } from "./term-table.ts";
import { toContent } from "../../domain/chunk.ts";

/** Findings listed of one kind; the rest is a number. */
const EXAMPLES_MAX = 10;

interface VerifyOptions {
  readonly table: Table;
  readonly spec: CollectionSpec;
  readonly saved: TermTable | undefined;
  readonly signal: AbortSignal;
}

/** One line for each thing that is wrong. Throws what the native library throws when the table cannot be read at all. */
export async function verifyTable(options: VerifyOptions): Promise<readonly string[]> {
  const { table } = options;
  const rows = await table.countRows();
  const read = await verifyRows(options);
  const findings = [...summarise(read.damaged, "damaged"), ...summarise(read.twice, "there twice")];
  if (read.rows !== rows) findings.push(`${rows} chunks are counted, ${read.rows} can be read`);
  for (const { id, chunks } of (await readDocuments(table)).values()) {
    const found = read.documents.get(id) ?? 0;
    if (found !== chunks) findings.push(`document "${id}" has ${found} of its ${chunks} chunks`);
  }
  if (rows > 0) findings.push(...(await verifyIndexes(table, rows)));
  findings.push(...verifyTerms(options.saved, read.terms, await table.version()));
  return findings;
}

interface Read {
  readonly rows: number;
  readonly damaged: readonly string[];
  readonly twice: readonly string[];
  readonly documents: ReadonlyMap<string, number>;
  readonly terms: TermTable;
}

async function verifyRows({ table, spec, signal }: VerifyOptions): Promise<Read> {
  const counter = createTermCounter(toAnalyser(spec));
  const ids = new Set<string>();
  const documents = new Map<string, number>();
  const damaged: string[] = [];
  const twice: string[] = [];
  let rows = 0;
  for await (const batch of table.query().select(["id", "title", ...CHUNK_COLUMNS, "vector"])) {
    signal.throwIfAborted();
    const contents: string[] = [];
    for (const row of batch.toArray() as Record<string, unknown>[]) {
      rows += 1;
      const id = String(row["id"]);
      if (ids.has(id)) twice.push(id);
      ids.add(id);
      const chunk = toChunk(row);
      const same = chunk?.id === id && chunk.title.toWellFormed() === row["title"];
      if (!same || !isVectorSound(row["vector"], spec)) damaged.push(id);
      if (chunk === undefined) continue;
      contents.push(toContent(chunk));
      documents.set(chunk.documentId, (documents.get(chunk.documentId) ?? 0) + 1);
    }
    await counter.add(contents);
  }
  const terms = await counter.toTable({ version: await table.version(), trainedRows: 0 });
  return { rows, damaged, twice, documents, terms };
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
  const expected = [[TEXT_INDEX, "full-text index"] as const];
  const wanted =
    rows >= INDEX_ROWS_MIN && (await table.countRows("vector IS NOT NULL")) >= INDEX_ROWS_MIN;
  for (const [name, words] of wanted
    ? [...expected, [VECTOR_INDEX, "vector index"] as const]
    : expected) {
    const stats = await table.indexStats(name);
    if (stats === undefined)
      findings.push(`there is no ${words}; mend it with: pnpm ingest optimize`);
    else if (stats.numUnindexedRows > 0) {
      findings.push(
        `the ${words} lacks ${stats.numUnindexedRows} chunks; mend it with: pnpm ingest optimize`,
      );
    }
  }
  return findings;
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
