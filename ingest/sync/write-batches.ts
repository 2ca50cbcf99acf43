/** Puts changed documents together to commits and embeds their chunks, a batch ahead of the commit. */
import type { Embedder } from "../../src/models/model.ts";
import type { Change, DocumentWrite } from "../../src/stores/store.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import { type Embedded, embedChunks } from "../embed/embed-chunks.ts";
import { readAhead } from "./read-ahead.ts";
import type { ChangedDocument } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import { addProblem, type SyncTally } from "./sync-tally.ts";

/** One commit, with how many of its documents and of their chunks replace one. */
export interface Batch extends Change {
  readonly changed: number;
  readonly chunksChanged: number;
}

export interface BatchDeps {
  readonly embedder: Embedder;
  readonly tracer: Tracer;
}

/** Batches ready to be committed. Throws AppError as the embedder does. */
export async function* writeBatches(
  deps: BatchDeps,
  changes: AsyncIterable<ChangedDocument>,
  tally: SyncTally,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { batchesAheadMax } = SYNC_LIMITS;
  const gathered = readAhead(gather(changes), batchesAheadMax);
  yield* readAhead(embedAll(deps, gathered, tally, signal), batchesAheadMax);
}

async function* gather(
  changes: AsyncIterable<ChangedDocument>,
): AsyncGenerator<readonly ChangedDocument[]> {
  const { commitChunksMin, commitCharsMin } = SYNC_LIMITS;
  let documents: ChangedDocument[] = [];
  let chunks = 0;
  let chars = 0;
  for await (const change of changes) {
    documents.push(change);
    chunks += change.chunks.length;
    chars += change.document.text.length;
    if (chunks < commitChunksMin && chars < commitCharsMin) continue;
    yield documents;
    [documents, chunks, chars] = [[], 0, 0];
  }
  if (documents.length > 0) yield documents;
}

async function* embedAll(
  { embedder, tracer }: BatchDeps,
  batches: AsyncIterable<readonly ChangedDocument[]>,
  tally: SyncTally,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  for await (const documents of batches) {
    const chunks = documents.flatMap((document) => document.chunks);
    const attributes = {
      "tributary.documents": documents.length,
      "tributary.chunks": chunks.length,
    };
    const embedded = await inSpan(tracer, "embed", { attributes }, () =>
      embedChunks(embedder, chunks, signal),
    );
    const batch = toBatch(documents, embedded, tally);
    if (batch.put.length + batch.remove.length > 0) yield batch;
  }
}

/** A document with a chunk that cannot be embedded is reported and left as it was. */
function toBatch(
  documents: readonly ChangedDocument[],
  embedded: readonly Embedded[],
  tally: SyncTally,
): Batch {
  const put: DocumentWrite[] = [];
  const remove: string[] = [];
  let [changed, chunksChanged] = [0, 0];
  let at = 0;
  for (const change of documents) {
    const results = embedded.slice(at, at + change.chunks.length);
    at += change.chunks.length;
    const refused = results.find((result) => !result.ok);
    if (refused !== undefined) {
      const { id } = change.document;
      const { code, detail = code } = refused.error;
      const message = `${id}: the embedder refuses a part of it: ${detail}`;
      addProblem(tally, { id, code, severity: "error", message });
    } else if (change.chunks.length === 0) {
      remove.push(change.document.id);
    } else {
      put.push(toWrite(change, results));
      if (change.wasStored) changed += 1;
      chunksChanged += change.chunksChanged;
    }
  }
  return { put, remove, changed, chunksChanged };
}

function toWrite(
  { document, hash, chunks }: ChangedDocument,
  results: readonly Embedded[],
): DocumentWrite {
  const { id, title, source, metadata } = document;
  const writes = chunks.map((chunk, index) => {
    const result = results[index];
    return { chunk, vector: result?.ok === true ? result.vector : undefined };
  });
  return { id, title, source, hash, metadata, chunks: writes };
}
