/** Puts together what writes documents over HTTP: the spool, the process, the queue before it. */
import type { AnswerDeps } from "../../answer.ts";
import type { Config } from "../../config.ts";
import type { DocumentWriter } from "../../http/uploads/document-writer.ts";
import { createDocumentWriter } from "./document-writer.ts";
import { createUploadChild } from "./upload-child.ts";
import { createUploadSpool } from "./upload-spool.ts";

/** Removes what an earlier process left in the spool. Throws AppError and the system's errors. */
export async function createUploads(
  config: Config,
  { clock, store, tracer }: Pick<AnswerDeps, "clock" | "store" | "tracer">,
): Promise<DocumentWriter> {
  const spool = await createUploadSpool(config.dataDir);
  const child = createUploadChild(config, clock);
  return createDocumentWriter({ config, clock, store, spool, child, tracer });
}
