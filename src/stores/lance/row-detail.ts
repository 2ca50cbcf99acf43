/** What a row holds of its chunk: `content`, which is searched, and `detail`, a hash of the row and the rest behind it. */
import type { Chunk, Metadata } from "../../domain/chunk.ts";

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

/** Everything a row holds of its chunk, as it is hashed. Lone surrogates are stored as U+FFFD and hashed so. */
export function toHashed(content: string, json: string): string {
  return `${content.toWellFormed()}\n${json.toWellFormed()}`;
}

/** The chunk of a row whose hash was right: it says that this is what was written, so it needs no further check. */
export function toChunkOf(content: string, json: string): Chunk {
  const { headings, page, columns, textStart, ...rest } = JSON.parse(json) as Detail;
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
