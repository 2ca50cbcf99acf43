/** Chunks to Arrow rows and back. A row carries a hash of its chunk, because the file format has no checksums. */
import { hash } from "node:crypto";
import type * as Arrow from "apache-arrow";
import { type Chunk, type Metadata, type MetadataValue, toContent } from "../../domain/chunk.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import { type Detail, HASH_CHARS, toChunkOf, toHashed } from "../../stores/lance/row-detail.ts";
import type { ChunkWrite, DocumentWrite } from "../../stores/store.ts";
import { arrow } from "./native.ts";

/** The documents' chunks as one Arrow table with the columns of `schema`. */
export function toRows(
  documents: readonly DocumentWrite[],
  spec: CollectionSpec,
  schema: Arrow.Schema,
): Arrow.Table {
  const rows = documents.flatMap((document) =>
    document.chunks.map((write) => ({ document, write, chunk: write.chunk })),
  );
  const contents = rows.map(({ chunk }) => toContent(chunk));
  const values: Readonly<Record<string, readonly unknown[]>> = {
    id: rows.map(({ chunk }) => chunk.id),
    documentId: rows.map(({ chunk }) => chunk.documentId),
    position: rows.map(({ chunk }) => chunk.position),
    title: rows.map(({ chunk }) => chunk.title),
    page: rows.map(({ chunk }) => chunk.location.page ?? null),
    content: contents,
    detail: rows.map(({ chunk }, index) => toDetail(chunk, contents[index] ?? "")),
    source: rows.map(({ document }) => document.source),
    documentHash: rows.map(({ document }) => document.hash),
    documentChunks: rows.map(({ document }) => document.chunks.length),
    ...Object.fromEntries(
      Object.keys(spec.metadata).map((name) => [
        `meta_${name}`,
        rows.map(({ chunk }) => toCell(chunk.metadata, name)),
      ]),
    ),
  };
  const children = schema.fields.map((field) =>
    field.name === "vector"
      ? toVectorData(
          rows.map(({ write }) => write),
          spec.dimensions,
          field.type,
        )
      : toData(values[field.name] ?? [], field.type),
  );
  const struct = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: rows.length,
    nullCount: 0,
    children,
  });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, struct)]);
}

function toDetail(chunk: Chunk, content: string): string {
  const { documentId, position, title, location, start, end, text, metadata } = chunk;
  const textStart = content.length - text.length;
  const detail: Detail = {
    documentId,
    position,
    title,
    ...location,
    start,
    end,
    metadata,
    textStart,
  };
  const json = JSON.stringify(detail);
  return `${hashRow(content, json)}${json}`;
}

/** The chunk of a row; `undefined` when the row is not what was written. */
export function toChunk(row: unknown): Chunk | undefined {
  const { content, detail } = (row ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof content !== "string" || typeof detail !== "string") return undefined;
  const json = detail.slice(HASH_CHARS);
  if (hashRow(content, json) !== detail.slice(0, HASH_CHARS)) return undefined;
  // The hash says that this is what was written, here by this program alone, so it needs no further check.
  return toChunkOf(content, JSON.parse(json) as Detail);
}

/** A hash of everything a row holds of its chunk, 128 bits as hexadecimal. */
function hashRow(content: string, json: string): string {
  return hash("sha256", toHashed(content, json), "hex").slice(0, HASH_CHARS);
}

function toCell(metadata: Metadata, name: string): MetadataValue | null {
  const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  return value === undefined ? null : value === 0 ? 0 : value;
}

/** Arrow's own builder leaves the values of a column too short when it ends in nulls, so plain types are laid out here. */
function toData(values: readonly unknown[], type: Arrow.DataType): Arrow.Data {
  const { length } = values;
  const [nullBitmap, nullCount] = toBitmap(values, (value) => value !== null);
  if (arrow.DataType.isInt(type)) {
    const data = Int32Array.from(values, (value) => Number(value ?? 0));
    return arrow.makeData({ type, length, nullCount, nullBitmap, data });
  }
  if (arrow.DataType.isFloat(type)) {
    const data = Float64Array.from(values, (value) => Number(value ?? 0));
    return arrow.makeData({ type, length, nullCount, nullBitmap, data });
  }
  const [data] = arrow.vectorFromArray([...values], type).data;
  if (data === undefined) throw new Error("a column without data");
  return data;
}

function toVectorData(
  writes: readonly ChunkWrite[],
  dimensions: number,
  type: Arrow.DataType,
): Arrow.Data {
  const flat = new Float32Array(writes.length * dimensions);
  for (const [row, { vector }] of writes.entries()) {
    if (vector !== undefined) flat.set(vector, row * dimensions);
  }
  const [nullBitmap, nullCount] = toBitmap(writes, ({ vector }) => vector !== undefined);
  const child = arrow.makeData({ type: new arrow.Float32(), length: flat.length, data: flat });
  return arrow.makeData({
    type: type as Arrow.FixedSizeList,
    length: writes.length,
    nullCount,
    nullBitmap,
    child,
  });
}

/** One bit a value, and how many of them are 0. */
function toBitmap<T>(values: readonly T[], isSet: (value: T) => boolean): [Uint8Array, number] {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  let clear = 0;
  for (const [index, value] of values.entries()) {
    if (isSet(value)) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    else clear += 1;
  }
  return [bits, clear];
}
