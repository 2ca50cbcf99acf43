/** Where term statistics are kept: a table of one row beside the collection's, replaced in one commit. */
import type { Connection } from "@lancedb/lancedb";
import * as z from "zod";
import { arrow } from "./native.ts";
import { isMissing } from "./store-error.ts";
import { readTermTable, type TermTable } from "../../stores/lance/term-table.ts";

const Stored = z.object({
  version: z.bigint().transform(Number),
  chunks: z.int(),
  trainedRows: z.int(),
  /** Absent where an earlier version of the program wrote them, which left nothing out of its indexes. */
  changedRows: z.int().default(0),
  terms: z.instanceof(Uint8Array),
  ends: z.instanceof(Uint8Array),
  counts: z.instanceof(Uint8Array),
  forms: z.string(),
});

/** Names of collections hold no dot, so that this can never be one. */
export function toTermsName(table: string): string {
  return `${table}.terms`;
}

/** The statistics of the last index run; `undefined` when there was none. */
export async function loadTerms(
  connection: Connection,
  table: string,
): Promise<TermTable | undefined> {
  try {
    const opened = await connection.openTable(toTermsName(table));
    const rows: unknown[] = await opened.query().limit(1).toArray();
    const [row] = rows;
    return row === undefined ? undefined : readTermTable(Stored.parse(toPlain(row)));
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

/** Replaces the statistics; those before stay for readers until `cleanTerms`. */
export async function saveTerms(
  connection: Connection,
  table: string,
  { stored }: TermTable,
): Promise<void> {
  const { Binary, Field, Int32, Int64, Schema, Table, Utf8, vectorFromArray } = arrow;
  const schema = new Schema([
    new Field("version", new Int64(), false),
    new Field("chunks", new Int32(), false),
    new Field("trainedRows", new Int32(), false),
    new Field("changedRows", new Int32(), false),
    new Field("terms", new Binary(), false),
    new Field("ends", new Binary(), false),
    new Field("counts", new Binary(), false),
    new Field("forms", new Utf8(), false),
  ]);
  const data = new Table(schema, {
    version: vectorFromArray([BigInt(stored.version)], new Int64()),
    chunks: vectorFromArray([stored.chunks], new Int32()),
    trainedRows: vectorFromArray([stored.trainedRows], new Int32()),
    changedRows: vectorFromArray([stored.changedRows], new Int32()),
    terms: vectorFromArray([stored.terms], new Binary()),
    ends: vectorFromArray([stored.ends], new Binary()),
    counts: vectorFromArray([stored.counts], new Binary()),
    forms: vectorFromArray([stored.forms], new Utf8()),
  });
  await connection.createTable(toTermsName(table), data, { mode: "overwrite" });
}

/** Drops statistics that were replaced before `cleanupOlderThan`. */
export async function cleanTerms(
  connection: Connection,
  table: string,
  cleanupOlderThan: Date,
): Promise<void> {
  const opened = await connection.openTable(toTermsName(table));
  await opened.optimize({ cleanupOlderThan });
}

function toPlain(row: unknown): unknown {
  return Object.fromEntries(Object.entries(row as Record<string, unknown>));
}
