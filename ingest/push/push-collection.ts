/** Pushes a collection to where it is served: only what has not arrived, in batches, shown to readers when it is whole. */
import pMap from "p-map";
import { AppError } from "../../src/errors.ts";
import { toPushLine } from "../../src/stores/push-format.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";
import type { CollectionExport } from "../../src/node/lance/export-documents.ts";
import type { ChunkProgress } from "../chunk-progress.ts";
import type { PushTarget } from "./edge-target.ts";

export interface PushReport extends ChunkProgress {
  /** It was there already. */
  readonly isUnchanged: boolean;
  /** Chunks that this push has sent. */
  readonly chunksSent: number;
}

const BATCHES_AT_ONCE = 3;
const BATCH_CHUNKS_MAX = 500;
const BATCH_BYTES_MAX = 4 * 2 ** 20;
/** The Worker takes no larger body, and a document goes whole. */
const DOCUMENT_BYTES_MAX = 12 * 2 ** 20;

/**
 * Ends with the collection published. What a push that was interrupted has sent is not sent again.
 * Throws AppError: what the Worker says, payload_too_large, the signal's reason.
 */
export async function pushCollection(
  source: CollectionExport,
  target: PushTarget,
  signal: AbortSignal,
  onProgress: (progress: ChunkProgress) => void = () => undefined,
): Promise<PushReport> {
  const { info } = source;
  const { documents: all, chunks } = info;
  let [documentsDone, chunksDone, chunksSent] = [0, 0, 0];
  const toProgress = (): ChunkProgress => ({ documents: all, documentsDone, chunks, chunksDone });
  const { status } = await target.begin(info, signal);
  if (status === "published") {
    [documentsDone, chunksDone] = [all, chunks];
    return { ...toProgress(), chunksSent, isUnchanged: true };
  }
  const arrived = await target.arrived(signal);
  const isMissing = ({ id, hash, chunks }: DocumentWrite): boolean => {
    if (arrived.get(id) !== hash) return true;
    documentsDone += 1;
    chunksDone += chunks.length;
    return false;
  };
  await pMap(
    toBatches(source.documents(), isMissing),
    async (batch) => {
      signal.throwIfAborted();
      await target.send(batch.lines, signal);
      documentsDone += batch.lines.length;
      chunksDone += batch.chunks;
      chunksSent += batch.chunks;
      onProgress(toProgress());
    },
    { concurrency: BATCHES_AT_ONCE },
  );
  await target.publish({ documents: all, chunks }, signal);
  return { ...toProgress(), chunksSent, isUnchanged: false };
}

interface Batch {
  readonly lines: readonly string[];
  readonly chunks: number;
}

async function* toBatches(
  documents: AsyncIterable<DocumentWrite>,
  isMissing: (document: DocumentWrite) => boolean,
): AsyncGenerator<Batch> {
  let lines: string[] = [];
  let [chunks, bytes] = [0, 0];
  for await (const document of documents) {
    if (!isMissing(document)) continue;
    const line = toPushLine(document);
    const size = new TextEncoder().encode(line).length;
    if (size > DOCUMENT_BYTES_MAX) {
      throw new AppError("payload_too_large", {
        detail: `document ${document.id} has ${size} bytes with its vectors, more than the ${DOCUMENT_BYTES_MAX} a Worker takes at once: split it into several`,
      });
    }
    const isFull =
      chunks + document.chunks.length > BATCH_CHUNKS_MAX || bytes + size > BATCH_BYTES_MAX;
    if (isFull && lines.length > 0) {
      yield { lines, chunks };
      lines = [];
      [chunks, bytes] = [0, 0];
    }
    lines.push(line);
    chunks += document.chunks.length;
    bytes += size;
  }
  if (lines.length > 0) yield { lines, chunks };
}
