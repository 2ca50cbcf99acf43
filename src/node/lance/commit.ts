/** A change as one LanceDB commit, with the bookkeeping that must agree with it. */
import type { Table } from "@lancedb/lancedb";
import type * as Arrow from "apache-arrow";
import { toContent } from "../../domain/chunk.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import type { Change, CommitReport, DocumentState } from "../../stores/store.ts";
import { toDocumentsSql } from "../../stores/lance/filter-sql.ts";
import { arrow } from "./native.ts";
import { toRows } from "./rows.ts";
import { toSchema } from "./schema.ts";
import type { TermCounter } from "./term-counter.ts";

interface CommitOptions {
  readonly table: Table;
  readonly spec: CollectionSpec;
  /** Every document of the table; brought up to date here. */
  readonly documents: Map<string, DocumentState>;
  readonly counter: TermCounter | undefined;
}

/** Commits the checked change. Nothing to do is no commit. */
export async function applyChange(options: CommitOptions, change: Change): Promise<CommitReport> {
  const { table, documents, counter } = options;
  const touched = [...change.put.map(({ id }) => id), ...change.remove];
  const replaced = touched.filter((id) => documents.has(id));
  const chunksAdded = change.put.reduce((sum, { chunks }) => sum + chunks.length, 0);
  const chunksRemoved = replaced.reduce((sum, id) => sum + (documents.get(id)?.chunks ?? 0), 0);

  const gone: string[] = [];
  if (counter !== undefined && replaced.length > 0) {
    for await (const batch of readContents(table, toDocumentsSql(replaced))) gone.push(...batch);
  }
  await write(options, change, replaced);
  for (const id of replaced) documents.delete(id);
  for (const { id, title, source, hash, chunks } of change.put) {
    documents.set(id, { id, title, source, hash, chunks: chunks.length });
  }
  await counter?.remove(gone);
  await counter?.add(
    change.put.flatMap(({ chunks }) => chunks.map(({ chunk }) => toContent(chunk))),
  );
  return { version: await table.version(), chunksAdded, chunksRemoved };
}

async function write(
  { table, spec, documents }: CommitOptions,
  { put }: Change,
  replaced: readonly string[],
): Promise<void> {
  if (put.length === 0) {
    if (replaced.length > 0) await table.delete(toDocumentsSql(replaced));
    return;
  }
  const rows = toRows(put, spec, toSchema(spec));
  // An index on the key would switch off the protection against a key that two writers insert at once.
  const merge = table
    .mergeInsert("id")
    .useIndex(false)
    .whenMatchedUpdateAll()
    .whenNotMatchedInsertAll();
  // New documents are looked for too: the lock may have been got past.
  const touched = toDocumentsSql([...new Set([...put.map(({ id }) => id), ...replaced])]);
  // Chunks are named by their place in the document, so that these are written over.
  const taken = put.reduce(
    (sum, { id, chunks }) => sum + Math.min(chunks.length, documents.get(id)?.chunks ?? 0),
    0,
  );
  // Deleting what is left has the merge join with every row of the table, in memory: 1.3 kB and a microsecond for each.
  const isLeft = (await table.countRows(touched)) > taken;
  await (isLeft ? merge.whenNotMatchedBySourceDelete({ where: touched }) : merge).execute(rows);
}

/** Sets the hashes of documents in one commit, and gives its version. */
export async function writeHashes(
  table: Table,
  hashes: ReadonlyMap<string, string>,
): Promise<number> {
  const toColumn = (texts: Iterable<string>): Arrow.Vector =>
    arrow.vectorFromArray([...texts], new arrow.Utf8());
  const rows = new arrow.Table({
    documentId: toColumn(hashes.keys()),
    documentHash: toColumn(hashes.values()),
  });
  const { version } = await table
    .mergeInsert("documentId")
    .useIndex(false)
    .whenMatchedUpdateAll()
    .execute(rows);
  return version;
}

/** Contents of the rows, in batches. */
export async function* readContents(
  table: Table,
  where: string | undefined,
  batchMax = 1_000,
): AsyncGenerator<readonly string[]> {
  const query = table.query().select(["content"]);
  const rows = where === undefined ? query : query.where(where);
  for await (const batch of rows) {
    const column = batch.getChild("content");
    const contents = column === null ? [] : [...(column as Iterable<string>)];
    for (let start = 0; start < contents.length; start += batchMax) {
      yield contents.slice(start, start + batchMax);
    }
  }
}
