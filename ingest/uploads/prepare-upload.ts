/** One upload or deletion to what it changes: its conditions checked, its file read whole, its chunks embedded. */
import { hash } from "node:crypto";
import { NEVER } from "../../src/async/never.ts";
import type { MetadataType } from "../../src/domain/collection.ts";
import { splitHashes, toEtag } from "../../src/domain/document-hash.ts";
import { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import type { DocumentState, DocumentWrite } from "../../src/stores/store.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import { DEFAULT_CHUNKING } from "../chunk/chunk.ts";
import { loadFile } from "../load/load-file.ts";
import type { LoadPool } from "../load/load-pool.ts";
import type { ProblemCode } from "../loaders/load-event.ts";
import { readChanges } from "../sync/read-changes.ts";
import { createTally } from "../sync/sync-tally.ts";
import { isUploaded, toUploadSource } from "./upload-source.ts";
import { writeBatches } from "../sync/write-batches.ts";
import type { UploadItem } from "../../src/node/uploads/upload-protocol.ts";

type DocumentChange = UploadItem["change"];

export interface UploadScope {
  readonly embedder: Embedder;
  readonly tracer: Tracer;
  readonly pool: LoadPool;
  readonly chunker: string;
  readonly metadata: Readonly<Record<string, MetadataType>>;
}

/** What goes into the commit, and what its receipt says. */
export interface Prepared {
  readonly put: readonly DocumentWrite[];
  readonly remove: readonly string[];
  readonly chunksWritten: number;
  readonly chunksReused: number;
  readonly chunksRemoved: number;
  readonly etag: string | undefined;
  readonly warnings: readonly string[];
}

const TAG_CHARS = 32;

/**
 * `mine` is what is stored under the id or of its file. Throws AppError: not_found, precondition_failed,
 * document_unreadable, payload_too_large and those of the embedder.
 */
export async function prepareUpload(
  scope: UploadScope & { readonly read: (path: string) => Uint8Array },
  change: DocumentChange,
  mine: readonly DocumentState[],
  onStage: (stage: "loading" | "embedding") => void,
): Promise<Prepared> {
  checkConditions(change, toTag(mine));
  if (change.put === undefined) return prepareRemoval(mine);
  const { documentId: id, put: file } = change;
  const tally = createTally();
  // What a folder brought becomes the upload's, so that the folder no longer decides about it.
  const own = mine.filter(({ source }) => isUploaded(source));
  // The loaders know no uploads: to them the source is the id.
  const stored = new Map(own.map((state) => [state.id, { ...state, source: id }]));
  const seen = new Set<string>();
  onStage("loading");
  const changes = readChanges(
    {
      load: (reference, signal, bytes) =>
        loadFile({ ...reference, format: file.format }, scope.pool, signal, bytes),
      read: ({ path }) => scope.read(path),
    },
    { files: [{ id, path: file.path }], problems: [] },
    {
      ...scope,
      embedder: scope.embedder.id,
      chunking: DEFAULT_CHUNKING,
      stored,
      seen,
      sources: new Set(),
      hashes: new Map(),
      tally,
    },
    NEVER,
  );
  onStage("embedding");
  const put: DocumentWrite[] = [];
  for await (const batch of writeBatches(scope, changes, tally, NEVER)) {
    put.push(...batch.put.map((write) => ({ ...write, source: toUploadSource(id) })));
  }
  const fault = tally.problems.find(({ severity }) => severity === "error");
  if (fault !== undefined) throw toError(fault.code as ProblemCode, fault.message);
  const written = new Set(put.map((write) => write.id));
  const kept = own.filter((state) => seen.has(state.id) && !written.has(state.id));
  if (put.length === 0 && (kept.length === 0 || tally.blank > 0)) {
    throw toError("no-text", "there is no text in the document; nothing was changed");
  }
  const gone = mine.filter((state) => !written.has(state.id) && !kept.includes(state));
  const replaced = mine.filter((state) => written.has(state.id));
  return {
    put,
    remove: gone.map((state) => state.id),
    chunksWritten: put.reduce((sum, { chunks }) => sum + chunks.length, 0),
    chunksReused: countChunks(kept),
    chunksRemoved: countChunks([...gone, ...replaced]),
    etag: toTag([...kept, ...put]),
    warnings: tally.problems.map(({ message }) => message),
  };
}

function prepareRemoval(mine: readonly DocumentState[]): Prepared {
  if (mine.length === 0) {
    throw new AppError("not_found", {
      detail: "there is no document of this id in the collection",
    });
  }
  return {
    put: [],
    remove: mine.map(({ id }) => id),
    chunksWritten: 0,
    chunksReused: 0,
    chunksRemoved: countChunks(mine),
    etag: undefined,
    warnings: [],
  };
}

/** Of one document what a reader is told; of a file's many, one over all. */
function toTag(states: readonly Pick<DocumentState, "id" | "hash">[]): string | undefined {
  const [first, second] = states;
  if (first === undefined) return undefined;
  if (second === undefined) return toEtag(first.hash);
  const hashes = states.map((state) => `${state.id} ${splitHashes(state.hash).ofDocument}`);
  return `"${hash("sha256", hashes.toSorted().join("\n"), "hex").slice(0, TAG_CHARS)}"`;
}

/** RFC 9110, section 13.1. */
function checkConditions({ ifMatch, ifNoneMatch }: DocumentChange, etag: string | undefined): void {
  const meets = (tags: readonly string[]): boolean =>
    etag !== undefined && (tags.includes("*") || tags.includes(etag));
  const isMet =
    (ifMatch === undefined || meets(ifMatch)) && !(ifNoneMatch !== undefined && meets(ifNoneMatch));
  if (isMet) return;
  throw new AppError("precondition_failed", {
    detail:
      etag === undefined
        ? "there is no such document, and If-Match expects one"
        : "the document has another ETag than the request expects; read it again",
  });
}

function toError(code: ProblemCode, detail: string): AppError {
  return new AppError(code === "too-large" ? "payload_too_large" : "document_unreadable", {
    detail,
  });
}

function countChunks(states: readonly DocumentState[]): number {
  return states.reduce((sum, { chunks }) => sum + chunks, 0);
}
