/** What a row holds of its chunk: `content`, which is searched, and `detail`, a hash of the row and the rest behind it. */
import * as z from "zod";
import type { Chunk, Metadata } from "../../domain/chunk.ts";
import { parseJson } from "../../text/parse-json.ts";

/** Columns a chunk is read back from: as few as can be, because each costs a read. */
export const CHUNK_COLUMNS = ["content", "detail"] as const;

/** Columns of a document's first chunk that tell of the document. */
export const DOCUMENT_COLUMNS = [
  "documentId",
  "title",
  "source",
  "documentHash",
  "documentChunks",
] as const;

/** Of 256 bits as hexadecimal. */
export const HASH_CHARS = 32;

/** What no search looks at; `content` holds the text from `textStart` on. */
export interface Detail {
  readonly documentId: string;
  readonly position: number;
  readonly title: string;
  readonly headings: readonly string[];
  readonly page?: number;
  readonly columns?: string;
  readonly start: number;
  readonly end: number;
  readonly metadata: Metadata;
  readonly textStart: number;
}

const Offset = z.int().nonnegative();
const ForeignDetail = z.object({
  documentId: z.string(),
  position: Offset,
  title: z.string(),
  headings: z.array(z.string()),
  page: z.int().positive().exactOptional(),
  columns: z.string().exactOptional(),
  start: Offset,
  end: Offset,
  metadata: z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
  ),
  textStart: Offset,
});

/** The detail of a row that another program may have written, whatever its hash says; undefined when it is none. */
export function parseDetail(json: string): Detail | undefined {
  return ForeignDetail.safeParse(parseJson(json)).data;
}

/** Everything a row holds of its chunk, as it is hashed. Lone surrogates are stored as U+FFFD and hashed so. */
export function toHashed(content: string, json: string): string {
  return `${content.toWellFormed()}\n${json.toWellFormed()}`;
}

/** The chunk of a row whose hash was right. */
export function toChunkOf(content: string, detail: Detail): Chunk {
  const { headings, page, columns, textStart, ...rest } = detail;
  return {
    id: `${rest.documentId}#${rest.position}`,
    ...rest,
    location: {
      headings,
      ...(page === undefined ? {} : { page }),
      ...(columns === undefined ? {} : { columns }),
    },
    text: content.slice(textStart),
  };
}
