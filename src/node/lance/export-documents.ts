/** Reads a collection out of its table, vectors included, for sending it elsewhere. */
import { createHash } from "node:crypto";
import type { Table } from "@lancedb/lancedb";
import type { CollectionInfo } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkName } from "../../stores/check.ts";
import type { ChunkWrite, DocumentWrite } from "../../stores/store.ts";
import { connectLance, type LanceOptions, openTable } from "./base.ts";
import { readDocuments, toDocumentState } from "./documents.ts";
import { findPlace } from "./place.ts";
import { CHUNK_COLUMNS, DOCUMENT_COLUMNS } from "../../stores/lance/row-detail.ts";
import { toChunk } from "./rows.ts";
import { readSpec } from "./schema.ts";
import { readInfo } from "./snapshot.ts";
import { toStoreError } from "./store-error.ts";

export interface CollectionExport {
  readonly info: CollectionInfo;
  /** Of everything in it: the same content has the same key, whenever it was written. */
  readonly key: string;
  /** Every document once, in the order in which they lie. Throws AppError collection_unavailable for a damaged row. */
  documents(): AsyncGenerator<DocumentWrite>;
}

const KEY_CHARS = 40;

/** Opens the collection at its present version. Throws AppError: collection_not_found, collection_unavailable, store_unavailable. */
export async function openExport(
  options: LanceOptions,
  collection: string,
): Promise<CollectionExport> {
  checkName(collection);
  const base = await connectLance(options);
  try {
    const place = await findPlace(base, collection);
    const head = await openTable(base, place);
    const version = await head.version();
    const table = await base.connection.openTable(place.table, [], { version });
    const info = await readInfo(table, readSpec(await table.schema(), collection));
    return {
      info,
      key: await toKey(table, info),
      documents: () => readWrites(table, collection),
    };
  } catch (thrown) {
    throw toStoreError(thrown, collection);
  }
}

async function toKey(table: Table, info: CollectionInfo): Promise<string> {
  const { version: _version, ...spec } = info;
  const hash = createHash("sha256").update(JSON.stringify(spec));
  const documents = [...(await readDocuments(table)).values()];
  const lines = documents.map((document) => JSON.stringify([document.id, document.hash]));
  for (const line of lines.toSorted()) hash.update(`${line}\n`);
  return hash.digest("hex").slice(0, KEY_CHARS);
}

/** Chunks of a document lie together, but nothing promises that: they are gathered until all are there. */
async function* readWrites(table: Table, collection: string): AsyncGenerator<DocumentWrite> {
  const gathered = new Map<string, ChunkWrite[]>();
  const batches = table.query().select([...DOCUMENT_COLUMNS, ...CHUNK_COLUMNS, "vector"]);
  for await (const batch of batches) {
    for (const row of batch.toArray() as unknown[]) {
      const { id, title, source, hash, chunks: documentChunks } = toDocumentState(row);
      const write = toWrite(row, collection);
      const chunks = gathered.get(id) ?? [];
      chunks[write.chunk.position] = write;
      gathered.set(id, chunks);
      if (Object.keys(chunks).length < documentChunks) continue;
      gathered.delete(id);
      const { metadata } = write.chunk;
      yield { id, title, source, hash, metadata, chunks };
    }
  }
  if (gathered.size > 0) throw damaged(collection);
}

function toWrite(row: unknown, collection: string): ChunkWrite {
  const chunk = toChunk(row);
  if (chunk === undefined) throw damaged(collection);
  const { vector } = row as { readonly vector?: { toArray(): Float32Array } | null };
  const values = vector?.toArray();
  return { chunk, vector: values === undefined ? undefined : new Float32Array(values) };
}

function damaged(collection: string): AppError {
  return new AppError("collection_unavailable", {
    detail: `collection ${collection} is damaged; pnpm ingest doctor ${collection} says where`,
  });
}
