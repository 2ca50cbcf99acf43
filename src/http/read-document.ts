/** A part of a document, chunk by chunk in reading order, as it is stored now. */
import * as z from "zod";
import { startDeadline } from "../async/deadline.ts";
import type { Caller } from "../domain/caller.ts";
import { toEtag } from "../domain/document-hash.ts";
import { AppError } from "../errors.ts";
import { orNameAll } from "../domain/or-name-all.ts";
import { listCollections, toVisible } from "./inspect-collections.ts";
import type { Service } from "./service.ts";

export const DocumentText = z.object({
  collection: z.string(),
  documentId: z.string(),
  title: z.string(),
  /** Of the collection that was read. */
  version: z.int(),
  chunks: z.array(
    z.object({
      chunkId: z.string(),
      position: z.int(),
      headings: z.array(z.string()),
      page: z.int().optional(),
      /** Where the text begins in the middle of a table: the row that names the columns. */
      columns: z.string().exactOptional(),
      start: z.int(),
      end: z.int(),
      text: z.string(),
    }),
  ),
  /** Where to read on; absent at the end of the document. */
  next: z.int().optional(),
});
export type DocumentText = z.infer<typeof DocumentText>;

export interface DocumentRequest {
  readonly collection: string;
  readonly documentId: string;
  readonly from: number;
  readonly chunksMax: number;
}

/** Reads it. Throws AppError: collection_not_found, collection_unavailable, not_found, deadline_exceeded, cancelled. */
export async function readDocument(
  service: Service,
  { collection, documentId, from, chunksMax }: DocumentRequest,
  { caller, client }: { readonly caller: Caller; readonly client: AbortSignal },
): Promise<DocumentText & { readonly etag: string | undefined }> {
  const { config, clock } = service;
  const visible = toVisible(service, caller);
  const budgetMs = config.searchTimeoutMs + config.takeTimeoutMs;
  using deadline = startDeadline({ clock, budgetMs, parent: client, stage: "read" });
  const opening = visible.store.open(collection, deadline.signal);
  const snapshot = await orNameAll(opening, () => listCollections(visible, deadline.signal));
  const limit = Math.min(chunksMax, config.readChunksMax) + 1;
  const rows = await snapshot.rowsOf({ documentId, from, limit }, deadline.signal);
  const shown = rows.slice(0, limit - 1);
  const taken = await snapshot.take(shown, deadline.signal);
  const chunks = taken.filter((chunk) => chunk !== undefined);
  const [first] = chunks;
  if (first === undefined) {
    throw new AppError("not_found", {
      detail: "there is no document of this id in the collection, or nothing from there on",
    });
  }
  const state = await snapshot.document?.(documentId, deadline.signal);
  const etag = state === undefined ? undefined : toEtag(state.hash);
  return {
    etag,
    collection,
    documentId,
    title: first.title,
    version: snapshot.info.version,
    chunks: chunks.map(({ id, position, location, start, end, text }) => ({
      chunkId: id,
      position,
      ...location,
      headings: [...location.headings],
      start,
      end,
      text,
    })),
    ...(rows.length > shown.length ? { next: from + shown.length } : {}),
  };
}
