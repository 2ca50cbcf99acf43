/** What a sync is asked to do, what it works with, what it says on the way and at the end. */
import type { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import type { ChunkSettings } from "../chunk/chunk.ts";
import type { BuildPlan } from "../collection/open-collection.ts";
import type { FileReference, LoadEvent } from "../loaders/load-event.ts";

export interface SyncDeps {
  readonly store: WriteStore;
  readonly embedder: Embedder;
  /** Is the vector of this text on disk already, so that a dry run does not count it? */
  readonly isPaid?: (text: string) => boolean;
  /** The documents of a file, or of its bytes where `read` gave them, and its problems; it throws only when the signal aborts. */
  readonly load: (
    file: FileReference,
    signal: AbortSignal,
    bytes: Uint8Array | undefined,
  ) => AsyncIterable<LoadEvent>;
  /** The bytes of a file, for telling an unchanged one without parsing it; undefined: parse it. */
  readonly read: (file: FileReference) => Uint8Array | undefined;
  readonly progress?: (progress: SyncProgress) => void;
  /** Called when nothing more will be embedded, before the indexes are built: time to let memory go. */
  readonly onEmbedded?: () => Promise<void>;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
}

export interface SyncPlan extends BuildPlan {
  readonly files: readonly FileReference[];
  /** What went wrong while the files were looked for. */
  readonly problems: readonly SyncProblem[];
  /** Would a stored document of this source have been found, if its file were still there? */
  readonly covers: (source: string) => boolean;
  readonly deleteMissing: boolean;
  /** Built anew, the collection may lack documents that cannot be carried over. */
  readonly acceptLoss?: boolean;
  /** Looks, compares and counts; writes nothing, embeds nothing. */
  readonly dryRun: boolean;
  /** The first document that cannot be ingested ends the run. */
  readonly strict?: boolean;
  readonly chunking?: ChunkSettings;
}

/** Something that was left out (`error`) or is worth knowing (`warning`). */
export interface SyncProblem {
  /** The document, file or folder. */
  readonly id: string;
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
}

export interface SyncProgress {
  readonly step: "loading" | "indexing";
  readonly files: number;
  readonly filesDone: number;
  /** Sizes of the files, and of what is read of them: what the time left is reckoned by. */
  readonly bytes: number;
  readonly bytesDone: number;
  /** Chunks stored so far. */
  readonly chunks: number;
  readonly detail?: string;
}

export interface SyncReport {
  readonly collection: string;
  readonly dryRun: boolean;
  /** `failed` and `cancelled`: what was committed before is stored; the same command goes on from there. */
  readonly outcome: "finished" | "cancelled" | "failed";
  readonly error?: AppError;
  /** The collection did not exist before. */
  readonly created: boolean;
  /** Why the collection was built anew beside itself; absent when it was not. */
  readonly rebuilt?: string;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Of a collection that was built anew: brought over from what was stored, because no file gave them. */
  readonly carried: number;
  /** Documents without any text: nothing to store. */
  readonly blank: number;
  readonly removed: number;
  /** Documents that are stored and were not found; only deleteMissing removes them. */
  readonly missing: number;
  /** Problems of severity `error`. */
  readonly failed: number;
  readonly warnings: number;
  /** Files of kinds that cannot be read, by their ending in lower case (`.png`, or `` without one); warnings too. */
  readonly unsupported: Readonly<Record<string, number>>;
  readonly chunksAdded: number;
  /** Those that take the place of one with the same position in the same document. */
  readonly chunksChanged: number;
  readonly chunksRemoved: number;
  /** Estimated tokens of the texts to embed, without those on disk already; counted in a dry run only. */
  readonly tokens?: number;
  /** The first ones; the counts hold for all. */
  readonly problems: readonly SyncProblem[];
  /** In the collection now (after a dry run: as before). */
  readonly documents: number;
  readonly chunks: number;
  readonly version: number;
  readonly elapsedMs: number;
}
