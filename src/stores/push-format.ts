/** What a push sends, as JSON: checked where it arrives, written where it is sent. */
import * as z from "zod";
import type { Chunk } from "../domain/chunk.ts";
import type { CollectionSpec } from "../domain/collection.ts";
import { AppError } from "../errors.ts";
import { parseJson } from "../text/parse-json.ts";
import type { DocumentWrite } from "./store.ts";

/**
 * Each wrong value would be a fault of its own, and a batch has room for millions of them: what holds any number of
 * values is checked up to the first that is wrong.
 */
const Texts = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((text) => typeof text === "string"),
);
const MetadataValue = z.union([z.string(), z.number(), z.boolean(), Texts]);
const Metadata = z.custom<Chunk["metadata"]>(
  (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => MetadataValue.safeParse(one).success),
);
const Count = z.int().nonnegative();

/** What a collection was built with. */
export const PushSpec = z.strictObject({
  name: z.string(),
  embedder: z.string().max(200),
  dimensions: z.int(),
  chunker: z.string().max(200),
  language: z.string().max(40),
  tokenizer: z.enum(["words", "icu"]),
  metadata: z.record(z.string(), z.enum(["string", "number", "boolean", "string[]"])),
});

/** Names what is pushed; the same content has the same key. */
const Key = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

const ChunkForm = z.object({
  id: z.string(),
  documentId: z.string(),
  position: Count,
  title: z.string(),
  location: z.object({
    headings: Texts,
    page: z.int().positive().exactOptional(),
    columns: z.string().exactOptional(),
  }),
  start: Count,
  end: Count,
  text: z.string(),
  metadata: Metadata,
});

/** `vector`: little-endian 32-bit floats in Base64; null for a chunk without one. */
const ChunkWritten = z.object({ chunk: ChunkForm, vector: z.string().nullable() });

const Document = z.object({
  id: z.string(),
  title: z.string(),
  source: z.string(),
  hash: z.string(),
  metadata: Metadata,
  chunks: z.array(z.unknown()),
});

/** `chunks`: in all; decides over how many objects the Worker spreads them, one where it is absent. */
export const PushStart = z.strictObject({
  key: Key,
  spec: PushSpec,
  chunks: Count.exactOptional(),
});
export type PushStart = z.infer<typeof PushStart>;
/** What the Worker says of a push. */
export const PushAnswer = z.object({
  status: z.enum(["open", "published"]),
  documents: Count,
  chunks: Count,
});
export type PushAnswer = z.infer<typeof PushAnswer>;
export const PushPage = z.object({
  documents: z.array(z.object({ id: z.string(), hash: z.string() })),
});
export const PushBatch = z.object({ chunksAdded: Count });

export const PushEnd = z.strictObject({ documents: Count, chunks: Count });
export type PushEnd = z.infer<typeof PushEnd>;

export function toPushStart(key: string, info: CollectionSpec & { readonly chunks: number }) {
  const { name, embedder, dimensions, chunker, language, tokenizer, metadata, chunks } = info;
  return JSON.stringify({
    key,
    chunks,
    spec: { name, embedder, dimensions, chunker, language, tokenizer, metadata },
  });
}

/** One line of a batch. */
export function toPushLine(document: DocumentWrite): string {
  const { id, title, source, hash, metadata, chunks } = document;
  return JSON.stringify({
    id,
    title,
    source,
    hash,
    metadata,
    chunks: chunks.map(({ chunk, vector }) => ({
      chunk,
      vector: vector === undefined ? null : toBase64(vector),
    })),
  });
}

/** Every line of a batch. Throws AppError invalid_request that names the first line that is wrong. */
export function parsePushLines(text: string): readonly DocumentWrite[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => parsePushLine(line, `line ${index + 1} of the batch`));
}

/** `place`: of the line, for messages. Throws AppError invalid_request. */
export function parsePushLine(line: string, place: string): DocumentWrite {
  const { chunks, ...document } = check(Document, parseJson(line), place);
  return {
    ...document,
    chunks: chunks.map((one, index) => {
      const { chunk, vector } = check(ChunkWritten, one, `${place}: chunk ${index}`);
      return { chunk, vector: vector === null ? undefined : fromBase64(vector, chunk.id) };
    }),
  };
}

function check<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".");
  throw new AppError("invalid_request", {
    detail: field ? `${place}: ${field} is not what it must be` : `${place} is no JSON object`,
  });
}

const CHARS_AT_ONCE = 8_192;

function toBase64(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of vector.entries()) view.setFloat32(index * 4, value, true);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHARS_AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHARS_AT_ONCE));
  }
  return btoa(text);
}

function fromBase64(text: string, chunk: string): Float32Array {
  const refused = new AppError("invalid_request", {
    detail: `chunk ${chunk}: the vector is not 32-bit floats in Base64`,
  });
  const binary = decode(text);
  if (binary === undefined || binary.length % 4 !== 0) throw refused;
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) =>
    view.getFloat32(index * 4, true),
  );
}

function decode(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
