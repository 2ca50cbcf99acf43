/** What a collection knows of each document, read from the row of its first chunk. */
import type { Table } from "@lancedb/lancedb";
import * as z from "zod";
import { DOCUMENT_COLUMNS } from "../../stores/lance/row-detail.ts";
import type { DocumentState } from "../../stores/store.ts";

const Row = z.object({
  documentId: z.string(),
  title: z.string(),
  source: z.string(),
  documentHash: z.string(),
  documentChunks: z.int(),
});

export function toDocumentState(row: unknown): DocumentState {
  const { documentId, title, source, documentHash, documentChunks } = Row.parse(row);
  return { id: documentId, title, source, hash: documentHash, chunks: documentChunks };
}

/** Every document of the table's version, by id. */
export async function readDocuments(table: Table): Promise<Map<string, DocumentState>> {
  const documents = new Map<string, DocumentState>();
  const batches = table
    .query()
    .where("position = 0")
    .select([...DOCUMENT_COLUMNS]);
  for await (const batch of batches) {
    // By columns: a row of its own for each of a hundred thousand documents costs each small write half a second.
    const columns = DOCUMENT_COLUMNS.map((name) => [name, batch.getChild(name)] as const);
    for (let index = 0; index < batch.numRows; index += 1) {
      const row = Object.fromEntries(columns.map(([name, column]) => [name, column?.get(index)]));
      const state = toDocumentState(row);
      documents.set(state.id, state);
    }
  }
  return documents;
}
