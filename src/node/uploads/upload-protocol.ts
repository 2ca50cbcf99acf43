/** What the service and the process that writes its uploads say to each other. */
import type { Config } from "../../config.ts";
import type { DocumentReceipt, UploadStage } from "../../domain/upload-event.ts";
import type { ErrorCode } from "../../errors.ts";
import type { DocumentChange } from "../../http/uploads/document-writer.ts";

/** Changes of one collection, of which no two are of one document. */
export interface UploadBatch {
  readonly type: "batch";
  readonly collection: string;
  /** Where in a trace the first of them was sent. */
  readonly traceparent?: string | undefined;
  readonly items: readonly UploadItem[];
}

export interface UploadItem {
  readonly key: number;
  readonly change: DocumentChange;
}

export type UploadRequest =
  | { readonly type: "start"; readonly config: Config }
  | UploadBatch
  | { readonly type: "cancel"; readonly key: number };

export interface UploadFailure {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
}

/** Exactly one `done`, `failed` or `later` for each item, then `batch-end`. */
export type UploadAnswer =
  | { readonly type: "stage"; readonly key: number; readonly stage: UploadStage }
  | { readonly type: "done"; readonly key: number; readonly receipt: DocumentReceipt }
  | { readonly type: "failed"; readonly key: number; readonly error: UploadFailure }
  /** Nothing was done for it yet: those before it took so long that others are to have a turn. */
  | { readonly type: "later"; readonly key: number }
  | { readonly type: "batch-end" };
