/** A writer of documents that stores nothing. */
import type { DocumentReceipt } from "../../src/domain/upload-event.ts";
import { AppError } from "../../src/errors.ts";
import type { DocumentWriter } from "../../src/http/uploads/document-writer.ts";

/** What it gives for every change. */
export const receipt: DocumentReceipt = {
  collection: "guide",
  documentId: "a.md",
  unchanged: false,
  created: false,
  version: 4,
  chunksWritten: 1,
  chunksReused: 0,
  chunksRemoved: 0,
  indexed: true,
  etag: '"abc"',
  warnings: [],
};

/** Takes everything; a document called `locked.md` is being written by another process. */
export const fakeWriter: DocumentWriter = {
  async receive(body) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    const head = new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
    return { bytes: head.length, head, path: "", discard: () => Promise.resolve() };
  },
  write: ({ documentId }) =>
    documentId === "locked.md"
      ? Promise.reject(new AppError("ingest_locked", { retryAfterMs: 1_000 }))
      : Promise.resolve(receipt),
  idle: () => Promise.resolve(),
};
