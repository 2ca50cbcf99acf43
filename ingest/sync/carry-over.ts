/** What a collection that is built anew keeps besides what its files gave: chunks as they are stored, embedded again. */
import { pMapIterable } from "p-map";
import type { Chunk } from "../../src/domain/chunk.ts";
import type { DocumentState, Snapshot } from "../../src/stores/store.ts";
import type { LoadedDocument } from "../document.ts";
import { toPrintable } from "../loaders/load-event.ts";
import type { ChangedDocument, ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncProblem } from "./sync-plan.ts";
import { commitBatch, type SyncRun, type Target } from "./sync-run.ts";
import { addProblem } from "./sync-tally.ts";
import { typeMetadata } from "./type-metadata.ts";
import { isUploaded } from "../uploads/upload-source.ts";
import { writeBatches } from "./write-batches.ts";

export interface Generation {
  /** What the old generation holds. */
  readonly old: ReadonlyMap<string, DocumentState>;
  /** What the new one holds so far. */
  readonly present: ReadonlyMap<string, Pick<DocumentState, "source" | "hash">>;
  /** What this run is to remove. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Documents that an ordinary run would have left as they are, and that are not in the new generation: uploads, what
 * could not be read, and what was not found and is not to be removed. An upload that was written to the old one
 * after a rebuild before this one was cut off is among them again.
 */
export function findKept(
  { old, present, gone }: Generation,
  { seen, tally }: Pick<ReadScope, "seen" | "tally">,
): readonly DocumentState[] {
  return [...old.values()].filter(({ id, source, hash }) => {
    if (gone.has(id)) return false;
    const now = present.get(id);
    if (now === undefined) return !seen.has(id) || tally.spoiled.has(id);
    return isUploaded(source) && isUploaded(now.source) && now.hash !== hash;
  });
}

/** Puts into the new generation what the old one has and this run neither read nor is to remove. */
export async function carryOver(
  run: SyncRun,
  target: Target,
  { scope, gone }: { readonly scope: ReadScope; readonly gone: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const { deps, plan, tally, tracer } = run;
  const { rebuild } = target;
  if (rebuild === undefined) return;
  const present = await rebuild.writer.documents(signal);
  const kept = findKept({ old: rebuild.documents, present, gone }, scope);
  if (kept.length === 0) return;
  // Readers are shown the old generation until the new one is published, and so are we.
  const snapshot = await deps.store.open(plan.collection, signal);
  const changes = readKept(snapshot, kept, scope, signal);
  for await (const batch of writeBatches({ ...deps, tracer }, changes, tally, signal)) {
    signal.throwIfAborted();
    await commitBatch(run, rebuild.writer, batch, "carried");
    target.commits += 1;
  }
}

/** The documents out of the old generation. One that is damaged, or no longer fits the fields, is a problem instead. */
export async function* readKept(
  snapshot: Snapshot,
  kept: readonly DocumentState[],
  { metadata: types, tally }: Pick<ReadScope, "metadata" | "tally">,
  signal: AbortSignal,
): AsyncGenerator<ChangedDocument> {
  const read = pMapIterable(
    kept,
    async (state) => ({ state, chunks: await readChunks(snapshot, state, signal) }),
    {
      concurrency: SYNC_LIMITS.loadConcurrencyMax,
      backpressure: SYNC_LIMITS.loadedFilesMax,
    },
  );
  for await (const { state, chunks } of read) {
    signal.throwIfAborted();
    const [first] = chunks;
    if (first === undefined) {
      addProblem(tally, toLost(state.id, "its stored chunks are damaged"));
      continue;
    }
    const typed = typeMetadata(toDocument(state, chunks, first), types);
    if ("problem" in typed) {
      // Its file that cannot be ingested has counted for it already.
      if (!tally.spoiled.has(state.id)) addProblem(tally, typed.problem);
      continue;
    }
    const { document } = typed;
    yield {
      document,
      // What it was made of: the file that comes back is recognised, and another chunker cuts it anew.
      hash: state.hash,
      chunks: chunks.map((chunk) => ({ ...chunk, metadata: document.metadata })),
      wasStored: false,
      chunksChanged: 0,
    };
  }
}

/** All chunks of the document in reading order; none when one is damaged. */
async function readChunks(
  snapshot: Snapshot,
  { id: documentId, chunks: count }: DocumentState,
  signal: AbortSignal,
): Promise<readonly Chunk[]> {
  const chunks: Chunk[] = [];
  while (chunks.length < count) {
    const limit = Math.min(count - chunks.length, SYNC_LIMITS.chunksAtOnceMax);
    const rows = await snapshot.rowsOf({ documentId, from: chunks.length, limit }, signal);
    const taken = await snapshot.take(rows, signal);
    const isWhole = taken.every((chunk, index) => chunk?.position === chunks.length + index);
    if (taken.length === 0 || !isWhole) return [];
    chunks.push(...taken.filter((chunk) => chunk !== undefined));
  }
  return chunks;
}

function toDocument(
  { id, source, title }: DocumentState,
  chunks: readonly Chunk[],
  { metadata }: Chunk,
): LoadedDocument {
  const text = chunks.map((chunk) => chunk.text).join("\n\n");
  return { id, source, title, text, sections: [], kind: "prose", metadata };
}

function toLost(id: string, why: string): SyncProblem {
  const message = `${toPrintable(id)}: cannot be carried over to the new generation, because ${why}; bring its file back, or mend the collection with: pnpm ingest doctor`;
  return { id, code: "not-carried", severity: "error", message };
}
