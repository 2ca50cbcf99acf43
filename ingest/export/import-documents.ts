/** Brings the documents of an exported collection into a store, with the vectors that they have. */
import type { CollectionInfo, CollectionSpec } from "../../src/domain/collection.ts";
import { NEVER } from "../../src/async/never.ts";
import { AppError } from "../../src/errors.ts";
import { ifThere } from "../../src/stores/check.ts";
import type { CollectionWriter, DocumentWrite, WriteStore } from "../../src/stores/store.ts";
import type { ChunkProgress } from "../chunk-progress.ts";
import { formatFields } from "../collection/open-collection.ts";
import { createIndexTurns } from "../collection/index-turns.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import { type ExportHead, toSpec } from "./export-format.ts";
import type { ExportFile } from "./read-export.ts";

export interface ImportReport {
  readonly created: boolean;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** In the collection and not in the file: they stay. */
  readonly others: number;
  /** False: another writer kept the indexes from being made. */
  readonly indexed: boolean;
  readonly info: CollectionInfo;
}

/**
 * Makes the collection, or adds to one that was built with the same: what is there with the same hash is passed over,
 * so that a run that was interrupted is gone on with. Commits hold whole documents. Throws AppError: ingest_locked,
 * embedder_mismatch and unsupported_option for a collection that was built with something else, the signal's reason.
 */
export async function importDocuments(
  store: WriteStore,
  file: ExportFile,
  collection: string,
  { signal, onProgress, onStep }: ImportOptions,
): Promise<ImportReport> {
  const { head } = file;
  const spec = toSpec(head, collection);
  const { writer, created } = await openFor(store, spec, signal);
  let commits = 0;
  try {
    const stored = await writer.documents(signal);
    const turns = createIndexTurns(writer.info.chunks);
    const others = new Set(stored.keys());
    let [added, changed, documentsDone, chunksDone] = [0, 0, 0, 0];
    let batch: DocumentWrite[] = [];
    let chunks = 0;
    const commit = async (): Promise<void> => {
      if (batch.length === 0) return;
      if (turns.isDue()) await writer.index(signal, onStep);
      turns.committed(await writer.commit({ put: batch, remove: [] }, NEVER));
      commits += 1;
      [batch, chunks] = [[], 0];
    };
    for await (const document of file.documents()) {
      signal.throwIfAborted();
      others.delete(document.id);
      documentsDone += 1;
      chunksDone += document.chunks.length;
      const before = stored.get(document.id);
      if (before?.hash !== document.hash || before.source !== document.source) {
        if (before === undefined) added += 1;
        else changed += 1;
        batch.push(document);
        chunks += document.chunks.length;
        if (chunks >= SYNC_LIMITS.commitChunksMin) await commit();
      }
      onProgress({ documents: head.documents, documentsDone, chunks: head.chunks, chunksDone });
    }
    await commit();
    const indexed = await writer.index(signal, onStep);
    const unchanged = documentsDone - added - changed;
    const { info } = writer;
    return { created, added, changed, unchanged, others: others.size, indexed, info };
  } finally {
    await writer.close();
    if (created && commits === 0 && head.documents > 0) await store.drop(collection, NEVER);
  }
}

export interface ImportOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ChunkProgress) => void;
  /** Told what the index is doing: of a large collection each step takes minutes. */
  readonly onStep: (step: string) => void;
}

async function openFor(
  store: WriteStore,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<{ readonly writer: CollectionWriter; readonly created: boolean }> {
  const writer = await ifThere(store.openWriter(spec.name, signal));
  if (writer === undefined) return { writer: await store.create(spec, signal), created: true };
  const mismatch = findMismatch(writer.info, spec);
  if (mismatch === undefined) return { writer, created: false };
  await writer.close();
  throw mismatch;
}

function findMismatch(there: CollectionInfo, spec: ExportHead["spec"]): AppError | undefined {
  const name = (one: ExportHead["spec"]): string =>
    `${one.embedder} (${one.dimensions} dimensions)`;
  const pairs = [
    ["embedder_mismatch", "the embedder", name(there), name(spec)],
    ["embedder_mismatch", "the chunker", there.chunker, spec.chunker],
    ["unsupported_option", "the language", there.language, spec.language],
    ["unsupported_option", "the tokenizer", there.tokenizer, spec.tokenizer],
    ["unsupported_option", "the fields", formatFields(there.metadata), formatFields(spec.metadata)],
  ] as const;
  const different = pairs.find(([, , one, other]) => one !== other);
  if (different === undefined) return undefined;
  const [code, what, one, other] = different;
  return new AppError(code, {
    detail: `collection ${there.name} has ${what} ${one}, the file ${other}: bring it in under another name (pnpm ingest import FILE NAME), or drop the collection first`,
  });
}
