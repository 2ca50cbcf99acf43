/** An Arrow schema in the JSON of LanceDB's protocol, with its names of the types. */
import type * as Arrow from "apache-arrow";
import { AppError } from "../../errors.ts";
import type { JsonField, JsonSchema, JsonType } from "../../http/lance/tables.ts";
import { arrow } from "./native.ts";

export function toJsonSchema(schema: Arrow.Schema): JsonSchema {
  return {
    fields: schema.fields.map(toJsonField),
    metadata: Object.fromEntries(schema.metadata),
  };
}

function toJsonField({ name, nullable, type }: Arrow.Field): JsonField {
  return { name, nullable, type: toJsonType(type) };
}

/** The types our tables are made of. Throws AppError collection_unavailable for another. */
function toJsonType(type: Arrow.DataType): JsonType {
  const { DataType, Precision } = arrow;
  if (DataType.isUtf8(type)) return { type: "string" };
  if (DataType.isBinary(type)) return { type: "binary" };
  if (DataType.isBool(type)) return { type: "bool" };
  if (DataType.isInt(type)) return { type: `${type.isSigned ? "" : "u"}int${type.bitWidth}` };
  if (DataType.isFloat(type)) {
    return { type: type.precision === Precision.DOUBLE ? "double" : "float" };
  }
  if (DataType.isFixedSizeList(type)) {
    return {
      type: "fixed_size_list",
      fields: type.children.map(toJsonField),
      length: type.listSize,
    };
  }
  if (DataType.isList(type)) return { type: "list", fields: type.children.map(toJsonField) };
  throw new AppError("collection_unavailable", {
    detail: "a column of the table has a type that is none of ours",
  });
}
