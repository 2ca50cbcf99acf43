/** What happens to an upload, in one table: its steps, and exactly one `upload-end`, which is the last. */
import * as z from "zod";
import { ERROR_CODES } from "../errors.ts";

/** What came of a document that was put or deleted. */
export const DocumentReceipt = z.object({
  collection: z.string(),
  documentId: z.string(),
  /** The same content was stored already, and nothing was written. */
  unchanged: z.boolean(),
  /** The collection was made for it. */
  created: z.boolean(),
  /** Of the collection that holds it. */
  version: z.int(),
  chunksWritten: z.int(),
  /** Chunks that stayed as they were. */
  chunksReused: z.int(),
  chunksRemoved: z.int(),
  /** False: stored and found, but its indexes are brought up to date by the next write only. */
  indexed: z.boolean(),
  /** Of the content; absent after a deletion. */
  etag: z.string().optional(),
  /** What the reader should know about the file, such as a guessed encoding. */
  warnings: z.array(z.string()),
});
export type DocumentReceipt = z.infer<typeof DocumentReceipt>;

const UPLOAD_STAGES = ["waiting", "loading", "embedding", "committing", "indexing"] as const;
export type UploadStage = (typeof UPLOAD_STAGES)[number];

export const UploadEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("upload-start"), documentId: z.string(), bytes: z.int() }),
  z.object({ type: z.literal("upload-stage"), stage: z.enum(UPLOAD_STAGES) }),
  z.object({
    type: z.literal("upload-end"),
    outcome: z.enum(["finished", "failed"]),
    receipt: DocumentReceipt.optional(),
    error: z
      .object({
        code: z.enum(ERROR_CODES),
        detail: z.string(),
        retryable: z.boolean(),
        retryAfterMs: z.number().optional(),
      })
      .optional(),
  }),
]);
export type UploadEvent = z.infer<typeof UploadEvent>;
