/** Port: writing single documents. What reads the files and writes the store works behind it, apart from the service. */
import type { Format } from "../../domain/format.ts";
import type { DocumentReceipt, UploadStage } from "../../domain/upload-event.ts";

/** A body that has arrived whole and lies on disk. */
export interface Upload {
  readonly bytes: number;
  /** Its first bytes, for a look at what it is. */
  readonly head: Uint8Array;
  readonly path: string;
  /** Removes it. Safe to repeat. */
  discard(): Promise<void>;
}

export interface DocumentChange {
  /** Who sent it: one caller leaves places for others. */
  readonly callerId: string;
  readonly collection: string;
  readonly documentId: string;
  /** Absent: the document is deleted. */
  readonly put?: { readonly path: string; readonly format: Format };
  /** ETags of which the document must have one; `*`: it must be there. */
  readonly ifMatch?: readonly string[];
  /** ETags of which it must have none; `*`: it must not be there. */
  readonly ifNoneMatch?: readonly string[];
}

export interface DocumentWriter {
  /** Throws AppError: payload_too_large as soon as there are more bytes, cancelled when the body breaks off, store_full, overloaded. */
  receive(body: AsyncIterable<Uint8Array>, bytesMax: number, callerId: string): Promise<Upload>;
  /**
   * Resolves when the change is committed and this process reads it. When the signal aborts before the commit,
   * nothing is changed. Throws AppError: not_found, collection_not_found, precondition_failed, document_unreadable,
   * ingest_locked, ingest_failed, overloaded, cancelled and those of the store and the embedder.
   */
  write(
    change: DocumentChange,
    signal: AbortSignal,
    onStage: (stage: UploadStage) => void,
  ): Promise<DocumentReceipt>;
  /** Resolves when nothing is being received or written. */
  idle(): Promise<void>;
}
