/** Ports to stores: reading a collection at one version, and writing it. */
import type { Chunk, Metadata } from "../domain/chunk.ts";
import type { Hit } from "../domain/hit.ts";
import type { CollectionInfo, CollectionSpec } from "../domain/collection.ts";
import type { Filter } from "../domain/filter.ts";
import type { AppError } from "../errors.ts";

/** Port: what may be read. */
export interface ReadStore {
  /** For people: `lancedb ./.tributary`. */
  readonly kind: string;
  /** Names of the collections that can be opened, sorted. Throws AppError store_unavailable. */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * The collection as it is now, pinned: both arms and the texts of one run come from the same version.
   * Throws AppError: collection_not_found, collection_unavailable, cancelled, deadline_exceeded.
   */
  open(collection: string, signal: AbortSignal): Promise<Snapshot>;
  /** The next `open` looks again: another process has just committed. Absent: it always looks. */
  forget?(collection: string): void;
  /** What it shows a part of, where it does: what one part last saw of a collection is the latest for all. */
  readonly partOf?: object;
}

/** A collection pinned to one version. */
export interface Snapshot {
  readonly info: CollectionInfo;
  /**
   * Another one for each time the collection was made. A version is told from the same number of a
   * collection that had the name before only by this. Absent: the store cannot tell.
   */
  readonly instance?: string;
  /** How the collection's analyser splits the text, with how many chunks hold each term. */
  terms(text: string, signal: AbortSignal, onLost?: OnLost): Promise<TermStatistics>;
  /** Rows and scores only, best first. Throws AppError: collection_unavailable, invalid_filter, deadline_exceeded, cancelled. */
  search(query: StoreQuery, signal: AbortSignal): Promise<readonly Hit[]>;
  /** The chunk of a row where it is in memory already; never waits. Absent: nothing is kept in memory. */
  peek?(row: string): Chunk | undefined;
  /** The chunks of these rows, in their order; a row that is gone or damaged has `undefined` in its place. */
  take(rows: readonly string[], signal: AbortSignal): Promise<readonly (Chunk | undefined)[]>;
  /** The rows of a document's chunks from a position on, in reading order. Empty: there are none. */
  rowsOf(part: DocumentPart, signal: AbortSignal): Promise<readonly string[]>;
  /** A page of the collection's documents, ordered by id. */
  documents(page: DocumentPage, signal: AbortSignal): Promise<readonly DocumentState[]>;
  /** What is known of one document; absent where the store cannot look it up by its id. */
  document?(id: string, signal: AbortSignal): Promise<DocumentState | undefined>;
  /** For operators; absent where the store knows nothing of it. */
  condition?(signal: AbortSignal): Promise<Condition>;
  /** Parts that cannot be searched now; absent where a collection has no parts. */
  lost?(signal: AbortSignal): Promise<readonly LostPart[]>;
}

/** A part of a collection that did not answer, or is damaged. */
export interface LostPart {
  /** Its name in the store. */
  readonly part: string;
  /** Why, with a detail that names it and the way out. */
  readonly error: AppError;
}

/**
 * Hears of each part that could not be asked: what comes back is then of the rest. Who gives none gets the
 * part's error instead, never a smaller result.
 */
export type OnLost = (part: LostPart) => void;

/** How a collection is, beside what is in it. */
export interface Condition {
  /** When its version was committed, in milliseconds since 1970. */
  readonly committedAtMs?: number;
  /** Share of its chunks that its indexes hold; absent: nothing to index. */
  readonly indexedShare?: number;
}

export interface DocumentPart {
  readonly documentId: string;
  /** Position of the first chunk wanted, from 0. */
  readonly from: number;
  readonly limit: number;
}

export interface DocumentPage {
  /** Only ids after this one. */
  readonly after?: string;
  /** Instead of `after`: only this id and those after it. */
  readonly from?: string;
  readonly limit: number;
}

export interface TermStatistics {
  /** Chunks in the collection. */
  readonly chunks: number;
  /** Distinct terms of the text in first-occurrence order, with the number of chunks that hold each. */
  readonly frequencies: ReadonlyMap<string, number>;
}

/** A term as the analyser made it, weighted with its inverse document frequency over all collections asked. */
export interface WeightedTerm {
  readonly term: string;
  readonly idf: number;
}

/** What is searched for. */
export type Sought =
  | { readonly type: "vector"; readonly vector: Float32Array }
  | { readonly type: "keyword"; readonly terms: readonly WeightedTerm[] };

export type StoreQuery = Sought & {
  /** At least 1. */
  readonly limit: number;
  readonly filter?: Filter;
  /** The store stops working on it after this long. */
  readonly timeoutMs: number;
  readonly onLost?: OnLost;
};

/** Port: what may be written. One writer a collection at a time. */
export interface WriteStore extends ReadStore {
  /** Creates an empty collection and opens it for writing. Throws AppError: invalid_request when it exists, ingest_locked. */
  create(spec: CollectionSpec, signal: AbortSignal): Promise<CollectionWriter>;
  /** Opens an existing collection for writing. Throws AppError: collection_not_found, ingest_locked. */
  openWriter(collection: string, signal: AbortSignal): Promise<CollectionWriter>;
  /** Building a collection anew beside itself; absent where the store cannot. */
  readonly generations?: Generations;
  /** Removes the collection and everything beside it. Throws AppError: collection_not_found, ingest_locked. */
  drop(collection: string, signal: AbortSignal): Promise<void>;
}

/** Tables beside each other under one name, of which readers are shown one. */
export interface Generations {
  /**
   * Opens the generation that was begun with this spec, or begins one. Readers see nothing of it until
   * its writer publishes it. Throws AppError: collection_not_found, invalid_request, ingest_locked.
   */
  begin(spec: CollectionSpec, signal: AbortSignal): Promise<GenerationWriter>;
  /** Shows readers the generation before the present one, which is kept in turn. Throws AppError: not_found, ingest_locked. */
  rollback(collection: string, signal: AbortSignal): Promise<CollectionInfo>;
}

export interface GenerationWriter extends CollectionWriter {
  /** Points readers here in one step. The generation before is kept for a while. */
  publish(signal: AbortSignal): Promise<void>;
}

/** The one writer of a collection; holds its lock until closed. */
export interface CollectionWriter {
  /** What was damaged when it was opened and how it was mended, one line each; empty for a whole collection. */
  readonly recovered: readonly string[];
  readonly info: CollectionInfo;
  /** Every document that is there, by id. */
  documents(signal: AbortSignal): Promise<ReadonlyMap<string, DocumentState>>;
  /** Replaces and deletes whole documents in one commit: readers see all of it or nothing. */
  commit(change: Change, signal: AbortSignal): Promise<CommitReport>;
  /**
   * Gives documents, by id, another hash and leaves everything else of them as it is; ids that are not there are
   * passed over. Absent where a collection is not written from files.
   */
  rehash?(hashes: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void>;
  /**
   * Brings every index and the term statistics up to the last commit, compacts when worth it. Safe to repeat.
   * False: another writer got in the way again and again; what is committed is found, only more slowly.
   */
  index(signal: AbortSignal, progress?: (step: string) => void): Promise<boolean>;
  /** Reads everything and reports what is wrong, one line each; an empty list is a healthy collection. */
  verify(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Merges small files, writes them anew without what was deleted, and drops old versions no reader can still
   * hold, then indexes. What was deleted is on no disk when it is repeated after those have gone.
   */
  optimize(signal: AbortSignal, progress?: (step: string) => void): Promise<void>;
  close(): Promise<void>;
}

export interface DocumentState {
  readonly id: string;
  readonly title: string;
  /** File or address it was loaded from. */
  readonly source: string;
  /** Hash of everything that decides its chunks; an equal hash needs no work. */
  readonly hash: string;
  readonly chunks: number;
}

export interface Change {
  readonly put: readonly DocumentWrite[];
  readonly remove: readonly string[];
}

/** A document with all its chunks and their vectors, ready to be stored. */
export interface DocumentWrite {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly hash: string;
  readonly metadata: Metadata;
  readonly chunks: readonly ChunkWrite[];
}

export interface ChunkWrite {
  readonly chunk: Chunk;
  /** Unit length, finite, of the collection's dimensions. Absent for a text without any known token: the chunk is then found by keyword only. */
  readonly vector: Float32Array | undefined;
}

export interface CommitReport {
  readonly version: number;
  readonly chunksAdded: number;
  readonly chunksRemoved: number;
}
