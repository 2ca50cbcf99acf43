/** What of a chunk can be filtered on, as its object stores it. */
import type { Chunk, MetadataValue } from "../../domain/chunk.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import { encodeText, encodeValue } from "./encode.ts";
import { toColumn } from "./filter-sql.ts";

/** Values to filter on, by column; a field without a value has no entry. */
export function toColumns(chunk: Chunk, spec: CollectionSpec): Readonly<Record<string, string>> {
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
