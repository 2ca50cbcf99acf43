/** Chunks of synthetic documents: a place in the document and a text, and nothing else to tell. */
import type { Chunk } from "../src/domain/chunk.ts";

export function toPlainChunk(documentId: string, text: string, position = 0): Chunk {
  return {
    id: `${documentId}#${position}`,
    documentId,
    position,
    title: documentId,
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    metadata: {},
  };
}
