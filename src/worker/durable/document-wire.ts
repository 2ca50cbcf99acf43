/** A document as it is sent to its object: each text once, because a call has room for 32 MiB of two bytes a character. */
import type { DocumentWrite } from "../../stores/store.ts";
import { type DocumentWire, toBuffer } from "./protocol.ts";

export function toDocumentWire({ id, title, source, hash, chunks }: DocumentWrite): DocumentWire {
  return {
    id,
    title,
    source,
    hash,
    chunks: chunks.map(({ chunk, vector }) => ({
      chunk: JSON.stringify(chunk),
      vector: vector === undefined ? null : toBuffer(vector),
    })),
  };
}
