/** Reads files and lets through only the documents that are not stored as they are, cut into chunks. */
import { pMapIterable } from "p-map";
import type { Chunk } from "../../src/domain/chunk.ts";
import type { MetadataType } from "../../src/domain/collection.ts";
import { joinHashes, splitHashes } from "../../src/domain/document-hash.ts";
import type { DocumentState } from "../../src/stores/store.ts";
import { chunkDocument, type ChunkSettings } from "../chunk/chunk.ts";
import { hashDocument, hashFile, type HashScope } from "./document-hash.ts";
import type { LoadedDocument } from "../document.ts";
import type { FileReference, LoadEvent } from "../loaders/load-event.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncDeps, SyncPlan } from "./sync-plan.ts";
import { addProblem, type SyncTally } from "./sync-tally.ts";
import { typeMetadata } from "./type-metadata.ts";

/** A document to be written: embedded next. One without chunks was blank and is removed if it was stored. */
export interface ChangedDocument {
  readonly document: LoadedDocument;
  readonly hash: string;
  readonly chunks: readonly Chunk[];
  readonly wasStored: boolean;
  /** How many of its chunks take the place of one that is stored. */
  readonly chunksChanged: number;
}

export interface ReadScope extends HashScope {
  readonly chunking: ChunkSettings;
  readonly metadata: Readonly<Record<string, MetadataType>>;
  readonly stored: ReadonlyMap<string, DocumentState>;
  /** Ids met in this run; grows while reading. */
  readonly seen: Set<string>;
  /** Files that gave documents in this run, stored before or not; grows while reading. */
  readonly sources: Set<string>;
  /** Hashes to store of documents that are as they were, though their files or the loaders are not; grows while reading. */
  readonly hashes: Map<string, string>;
  readonly tally: SyncTally;
}

/** Yields the changed documents in the files' order. Problems go to the tally, and the rest goes on. */
export async function* readChanges(
  { load, read }: Pick<SyncDeps, "load" | "read">,
  { files, problems }: Pick<SyncPlan, "files" | "problems">,
  scope: ReadScope,
  signal: AbortSignal,
): AsyncGenerator<ChangedDocument> {
  for (const problem of problems) addProblem(scope.tally, problem);
  const loaded = pMapIterable(
    files,
    (file) => loadUnlessSame({ load, read }, file, scope, signal),
    {
      concurrency: SYNC_LIMITS.loadConcurrencyMax,
      backpressure: SYNC_LIMITS.loadedFilesMax,
    },
  );
  for await (const { file, events, fileHash } of loaded) {
    signal.throwIfAborted();
    const { sizeBytes = 0 } = file;
    scope.tally.filesDone += 1;
    if (events === "same") {
      scope.tally.bytesDone += sizeBytes;
      scope.sources.add(file.id);
      if (isFirst(file.id, scope)) scope.tally.unchanged += 1;
      continue;
    }
    // What could not be read is to be said again by the next run.
    const isWhole = events.every((event) => event.type !== "problem" || event.severity !== "error");
    if (events.length === 0) scope.tally.bytesDone += sizeBytes;
    for (const event of events) {
      scope.tally.bytesDone += sizeBytes / events.length;
      if (event.type === "problem") {
        addProblem(scope.tally, event);
        continue;
      }
      scope.sources.add(event.document.source);
      const changed = toChanged(event.document, isWhole ? fileHash : undefined, scope);
      if (changed !== undefined) yield changed;
    }
  }
}

interface LoadedFile {
  readonly file: FileReference;
  /** `same`: the file's bytes are those its document was made of. */
  readonly events: readonly LoadEvent[] | "same";
  readonly fileHash: string | undefined;
}

async function loadUnlessSame(
  { load, read }: Pick<SyncDeps, "load" | "read">,
  file: FileReference,
  scope: ReadScope,
  signal: AbortSignal,
): Promise<LoadedFile> {
  signal.throwIfAborted();
  const bytes = read(file);
  const fileHash = bytes === undefined ? undefined : hashFile(bytes, scope);
  const stored = scope.stored.get(file.id);
  if (fileHash !== undefined && stored?.source === file.id) {
    if (splitHashes(stored.hash).ofFile === fileHash) return { file, events: "same", fileHash };
  }
  const events: LoadEvent[] = [];
  // Not read again: somebody may write to it just now, and the hash would be that of another text.
  for await (const event of load(file, signal, bytes)) events.push(event);
  return { file, events, fileHash };
}

/** The document with its chunks, unless it is stored as it is or cannot be stored. */
function toChanged(
  loaded: LoadedDocument,
  fileHash: string | undefined,
  scope: ReadScope,
): ChangedDocument | undefined {
  const { tally } = scope;
  if (!isFirst(loaded.id, scope)) return undefined;
  const typed = typeMetadata(loaded, scope.metadata);
  if ("problem" in typed) {
    addProblem(tally, typed.problem);
    return undefined;
  }
  const { document } = typed;
  const ofDocument = hashDocument(document, scope);
  const ofFile = document.id === document.source ? fileHash : undefined;
  const hash = joinHashes(ofDocument, ofFile);
  const stored = scope.stored.get(document.id);
  // What another source brought becomes this one's, so that it decides about it from now on.
  const isOwn = stored?.source === document.source;
  if (isOwn && splitHashes(stored.hash).ofDocument === ofDocument) {
    tally.unchanged += 1;
    if (ofFile !== undefined && stored.hash !== hash) scope.hashes.set(document.id, hash);
    return undefined;
  }
  const chunks = chunkDocument(document, scope.chunking);
  const wasStored = stored !== undefined;
  if (chunks.length === 0) tally.blank += 1;
  if (chunks.length === 0 && !wasStored) return undefined;
  const chunksChanged = Math.min(chunks.length, stored?.chunks ?? 0);
  return { document, hash, chunks, wasStored, chunksChanged };
}

/** Two files that give one id would overwrite each other in every run: the first has it, the other is reported. */
function isFirst(id: string, { seen, tally }: ReadScope): boolean {
  if (!seen.has(id)) {
    seen.add(id);
    return true;
  }
  const message = `${id}: another file of this run has the same id; rename one, or ingest a folder that holds both`;
  addProblem(tally, { id, code: "duplicate-id", severity: "error", message });
  return false;
}
