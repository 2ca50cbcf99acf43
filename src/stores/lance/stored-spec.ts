/** The spec of a collection as it is stored with its table's columns. */
import * as z from "zod";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { parseJson } from "../../text/parse-json.ts";

/** In the metadata of the table's schema. */
export const SPEC_KEY = "tributary:collection";
/** Beside it: a name by chance that no other table has. Tables of before there was one have none. */
export const INSTANCE_KEY = "tributary:instance";
/** Grows when an older program could not read the table. */
const FORMAT = 1;

const StoredSpec = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  embedder: z.string(),
  dimensions: z.int().positive(),
  chunker: z.string(),
  language: z.string(),
  tokenizer: z.enum(["words", "icu"]),
  metadata: z.record(z.string(), z.enum(["string", "number", "boolean", "string[]"])),
});

export function writeSpec(spec: CollectionSpec): string {
  return JSON.stringify({ format: FORMAT, ...spec });
}

/** The spec a table was made with. Throws AppError collection_unavailable for a table that is not ours. */
export function parseSpec(stored: string | undefined, collection: string): CollectionSpec {
  const parsed = StoredSpec.safeParse(parseJson(stored ?? ""));
  if (!parsed.success || parsed.data.name !== collection) {
    throw new AppError("collection_unavailable", {
      detail: `${collection} was not made by this version of the program; ingest it again`,
    });
  }
  const { format: _, ...spec } = parsed.data;
  return spec;
}
