/** Port: another place where vectors of the objects are searched. The objects keep all they have, so it may always be without. */
import type { CollectionSpec } from "../../domain/collection.ts";
import type { DocumentState, DocumentWrite, Snapshot } from "../../stores/store.ts";

/** One object is one generation of a collection, by its name. */
export interface VectorSource {
  /** Asked before a push begins. Throws AppError when this collection's vectors cannot be kept there. */
  check(spec: CollectionSpec, signal: AbortSignal): Promise<void>;
  /** Keeps the vectors of documents, before the object takes the documents; harmless to repeat. Throws AppError: upstream_*, invalid_request. */
  put(object: string, documents: readonly DocumentWrite[], signal: AbortSignal): Promise<void>;
  /** Forgets what it keeps of an object; false, and a line in the log, when some of it is left: ask again. Never throws: it is in nobody's way. */
  remove(
    object: string,
    documents: AsyncIterable<DocumentState>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The snapshot, with its vectors searched there. */
  wrap(snapshot: Snapshot, object: string): Snapshot;
}
