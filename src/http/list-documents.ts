/** A page of a collection's documents, in the order of their ids, as they are stored now. */
import * as z from "zod";
import { startDeadline } from "../async/deadline.ts";
import type { Caller } from "../domain/caller.ts";
import { toEtag } from "../domain/document-hash.ts";
import { refuse } from "./request/issues.ts";
import { orNameAll } from "../domain/or-name-all.ts";
import { listCollections, toVisible } from "./inspect-collections.ts";
import type { Service } from "./service.ts";

export const DocumentList = z.object({
  collection: z.string(),
  /** Of the collection that was read: another one on the next page means that documents came or went. */
  version: z.int(),
  documents: z.array(
    z.object({
      documentId: z.string(),
      title: z.string(),
      /** The file or the address that it was loaded from; `upload://` and its id when it came over HTTP. */
      source: z.string(),
      chunks: z.int().nonnegative(),
      /** That of the document's own address. */
      etag: z.string(),
    }),
  ),
  /** The `after` of the next page; absent on the last one. */
  next: z.string().optional(),
});
export type DocumentList = z.infer<typeof DocumentList>;

export interface DocumentListRequest {
  readonly collection: string;
  /** Only ids that begin with this. */
  readonly prefix: string;
  /** Only ids after this one, be it still there or not. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/**
 * Reads it. Documents that are there all the while are on exactly one page, whatever comes and goes meanwhile.
 * Throws AppError: invalid_request, collection_not_found, collection_unavailable, deadline_exceeded, cancelled.
 */
export async function listDocuments(
  service: Service,
  { collection, prefix, after, limit }: DocumentListRequest,
  { caller, client }: { readonly caller: Caller; readonly client: AbortSignal },
): Promise<DocumentList> {
  if (after?.startsWith(prefix) === false) {
    throw refuse("after", "must begin with prefix: it is the next of a page of the same prefix");
  }
  const { config, clock } = service;
  const visible = toVisible(service, caller);
  const budgetMs = config.searchTimeoutMs + config.takeTimeoutMs;
  using deadline = startDeadline({ clock, budgetMs, parent: client, stage: "read" });
  const opening = visible.store.open(collection, deadline.signal);
  const snapshot = await orNameAll(opening, () => listCollections(visible, deadline.signal));
  const bound = after === undefined ? { from: prefix } : { after };
  const found = await snapshot.documents({ ...bound, limit: limit + 1 }, deadline.signal);
  const wanted = found.filter(({ id }) => id.startsWith(prefix));
  const shown = wanted.slice(0, limit);
  return {
    collection,
    version: snapshot.info.version,
    documents: shown.map(({ id, title, source, chunks, hash }) => ({
      documentId: id,
      title,
      source,
      chunks,
      etag: toEtag(hash),
    })),
    ...(wanted.length > limit ? { next: shown.at(-1)?.id } : {}),
  };
}
