/** A document as it is sent to its object: what is stored, indexed and filtered on, worked out beforehand. */
import { type Chunk, type MetadataValue, toContent } from "../../domain/chunk.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import type { DocumentWrite } from "../../stores/store.ts";
import { encodeText, encodeValue } from "./encode.ts";
import { toColumn } from "./filter-sql.ts";
import { type DocumentWire, toBuffer } from "./protocol.ts";

export function toDocumentWire(document: DocumentWrite, spec: CollectionSpec): DocumentWire {
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
