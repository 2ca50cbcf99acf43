/** The columns of a collection's table, and its spec, which is stored with them in one step. */
import type * as Arrow from "apache-arrow";
import type { CollectionSpec, MetadataType } from "../../domain/collection.ts";
import { INSTANCE_KEY, parseSpec, SPEC_KEY, writeSpec } from "../../stores/lance/stored-spec.ts";
import { arrow } from "./native.ts";

/** LanceDB takes the key from here when the table is made, so that no crash leaves a table without it. */
const PRIMARY_KEY = new Map([["lance-schema:unenforced-primary-key", "true"]]);

/** The schema of a table that is yet to be made: what is made again under the same name is told from what was there. */
export function toNewSchema(spec: CollectionSpec): Arrow.Schema {
  const { fields, metadata } = toSchema(spec);
  return new arrow.Schema(fields, new Map([...metadata, [INSTANCE_KEY, crypto.randomUUID()]]));
}

/** The columns, with the spec inside. */
export function toSchema(spec: CollectionSpec): Arrow.Schema {
  const { Field, Utf8, Int32, FixedSizeList, Float32, Schema } = arrow;
  const text = (name: string): Arrow.Field => new Field(name, new Utf8(), false);
  const int = (name: string): Arrow.Field => new Field(name, new Int32(), false);
  const vector = new FixedSizeList(spec.dimensions, new Field("item", new Float32(), true));
  return new Schema(
    [
      new Field("id", new Utf8(), false, PRIMARY_KEY),
      text("documentId"),
      int("position"),
      text("title"),
      new Field("page", new Int32(), true),
      text("content"),
      text("detail"),
      text("source"),
      text("documentHash"),
      int("documentChunks"),
      ...Object.entries(spec.metadata).map(
        ([name, type]) => new Field(`meta_${name}`, toArrowType(type), true),
      ),
      new Field("vector", vector, true),
    ],
    new Map([[SPEC_KEY, writeSpec(spec)]]),
  );
}

/** The spec a table was made with. Throws AppError collection_unavailable for a table that is not ours. */
export function readSpec(schema: Arrow.Schema, collection: string): CollectionSpec {
  return parseSpec(schema.metadata.get(SPEC_KEY), collection);
}

/** Which making of its name a table is; two that were made before there was a way to tell are the same. */
export function toInstance(table: string, schema: Arrow.Schema): string {
  return `${table} ${schema.metadata.get(INSTANCE_KEY) ?? ""}`;
}

function toArrowType(type: MetadataType): Arrow.DataType {
  const { Field, Float64, Int32, List, Utf8 } = arrow;
  switch (type) {
    case "string":
      return new Utf8();
    case "number":
      return new Float64();
    case "boolean":
      return new Int32(); // 0 and 1: Arrow's writer damages a boolean column in which every value is missing
    case "string[]":
      return new List(new Field("item", new Utf8(), true));
    default:
      return type satisfies never;
  }
}
