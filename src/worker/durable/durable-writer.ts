/** The one writer of a collection in an object. */
import { type Chunk, type MetadataValue, toContent } from "../../domain/chunk.ts";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { checkChange } from "../../stores/check.ts";
import type { CollectionWriter, DocumentState, DocumentWrite } from "../../stores/store.ts";
import { toBuffer } from "./durable-snapshot.ts";
import { encodeText, encodeValue } from "./encode.ts";
import { toColumn } from "./filter-sql.ts";
import type { Objects } from "./objects.ts";
import type { DocumentWire } from "./protocol.ts";

export interface WriterParts {
  readonly objects: Objects;
  readonly object: string;
  /** Under which the object knows this writer. */
  readonly id: string;
  readonly info: CollectionInfo;
}

const PAGE = 2_000;
const { signal: never } = new AbortController();

export function createDurableWriter({
  objects,
  object,
  id,
  info: first,
}: WriterParts): CollectionWriter {
  let info = first;
  const tidy = async (signal: AbortSignal): Promise<void> => {
    info = await objects.collection(object, signal, (stub) => stub.tidy(id));
  };
  return {
    recovered: [],
    get info() {
      return info;
    },
    async documents(signal) {
      const all = new Map<string, DocumentState>();
      const { version } = info;
      for (let after: string | undefined; ;) {
        const page = { limit: PAGE, ...(after === undefined ? {} : { after }) };
        const found = await objects.collection(object, signal, (s) => s.documents(version, page));
        for (const state of found) all.set(state.id, state);
        after = found.at(-1)?.id;
        if (found.length < PAGE) return all;
      }
    },
    async commit(change, signal) {
      signal.throwIfAborted();
      checkChange(info, change);
      const spec = info;
      const wire = {
        put: change.put.map((document) => toDocumentWire(document, spec)),
        remove: change.remove,
      };
      const report = await objects.collection(object, signal, (stub) => stub.commit(id, wire));
      info = await objects.collection(object, never, (stub) => stub.describe());
      return report;
    },
    async index(signal) {
      await tidy(signal);
      return true;
    },
    optimize: tidy,
    verify: async (signal) => objects.collection(object, signal, (stub) => stub.verify()),
    async close() {
      await objects.collection(object, never, (stub) => stub.unlock(id));
    },
  };
}

function toDocumentWire(document: DocumentWrite, spec: CollectionSpec): DocumentWire {
  const { id, title, source, hash, chunks } = document;
  return {
    id,
    title,
    source,
    hash,
    chunks: chunks.map(({ chunk, vector }) => ({
      chunk: JSON.stringify(chunk),
      content: toContent(chunk),
      columns: toColumns(chunk, spec),
      vector: vector === undefined ? null : toBuffer(vector),
    })),
  };
}

/** Values to filter on, by column; a field without a value has no entry. */
function toColumns(chunk: Chunk, spec: CollectionSpec): Readonly<Record<string, string>> {
  const { documentId, title, location, metadata } = chunk;
  const columns: Record<string, string> = {
    [toColumn("documentId")]: encodeText(documentId),
    [toColumn("title")]: encodeText(title),
  };
  if (location.page !== undefined) columns[toColumn("page")] = encodeValue(location.page);
  for (const name of Object.keys(spec.metadata)) {
    const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (value !== undefined) columns[toColumn(`metadata.${name}`)] = encodeMetadata(value);
  }
  return columns;
}

/** A list as a JSON array of encoded texts. */
function encodeMetadata(value: MetadataValue): string {
  return typeof value === "object" ? JSON.stringify(value.map(encodeText)) : encodeValue(value);
}
