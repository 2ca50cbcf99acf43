/** What Worker and objects say to each other: plain values, and failures as values, because classes do not survive the way. */
import type { Hit } from "../../domain/hit.ts";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError, type ErrorCode, toAppError } from "../../errors.ts";
import type {
  CommitReport,
  DocumentPage,
  DocumentPart,
  DocumentState,
  WeightedTerm,
} from "../../stores/store.ts";

export type Reply<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: ErrorCode; readonly detail?: string } };

/** A document with its chunks; vectors are 32-bit floats. */
export interface DocumentWire extends Omit<DocumentState, "chunks"> {
  readonly chunks: readonly ChunkWire[];
}

export interface ChunkWire {
  /** The chunk as JSON. */
  readonly chunk: string;
  readonly vector: ArrayBuffer | null;
}

export type QueryWire = {
  readonly limit: number;
  /** The checked filter as JSON. */
  readonly filter: string | null;
} & (
  | { readonly type: "vector"; readonly vector: ArrayBuffer }
  | {
      readonly type: "keyword";
      readonly terms: readonly WeightedTerm[];
      /** Mean number of terms of a chunk in the whole collection; null: the object's own counts. */
      readonly chunkTerms: number | null;
    }
);

export interface ChangeWire {
  readonly put: readonly DocumentWire[];
  readonly remove: readonly string[];
}

/** How much there is; in a report of a commit, by how much that has changed. */
export interface Tally {
  readonly documents: number;
  readonly chunks: number;
  /** Terms of the chunks, with repetitions. */
  readonly terms: number;
}

/** What readers see of a collection in several objects. */
export interface Whole extends Tally {
  readonly version: number;
}

/** What one object has: all of a collection, or a part of it. */
export interface PartInfo extends CollectionInfo {
  readonly committedAtMs: number;
  /** Terms of its chunks; null in an object that was made before they were counted. */
  readonly terms: number | null;
  /** All objects together, which the first of several knows and the others were told last; null: not told. */
  readonly whole: Whole | null;
  /** Some of its vectors are gone. */
  readonly isDamaged: boolean;
}

/** A change in step with those of other objects. */
export interface CommitStep {
  readonly version: number;
  /** To the first object: what the change came to in the others, which hold it already. From now on readers see it. */
  readonly others: Tally | null;
}

export type PartReport = CommitReport & { readonly change: Tally };

/** One collection or one generation of it, whole or a part of it. */
export interface CollectionRpc {
  /** `isFirst`: of several objects, the one that knows what readers see. An object that holds a collection keeps it. */
  init(spec: CollectionSpec, isFirst: boolean): Promise<Reply<PartInfo>>;
  describe(): Promise<Reply<PartInfo>>;
  lock(writer: string): Promise<Reply<PartInfo>>;
  unlock(writer: string): Promise<Reply<true>>;
  /** Without a step it is the object's next version. */
  commit(writer: string, change: ChangeWire, step: CommitStep | null): Promise<Reply<PartReport>>;
  /** Undoes what is later than the version, which was prepared and never shown; how many chunks that concerned. */
  restore(writer: string, version: number): Promise<Reply<number>>;
  /** To the first of several: has readers see all that the objects hold now, as this version. To the others: that it is so. */
  show(whole: Whole): Promise<Reply<PartInfo>>;
  tidy(writer: string): Promise<Reply<PartInfo>>;
  /** Has the next version be later than this one. */
  raise(version: number): Promise<Reply<PartInfo>>;
  verify(): Promise<Reply<readonly string[]>>;
  terms(version: number, text: string): Promise<Reply<TermsWire>>;
  search(version: number, query: QueryWire): Promise<Reply<readonly Hit[]>>;
  /** Chunks as JSON; null where there is none. */
  take(rows: readonly string[]): Promise<Reply<readonly (string | null)[]>>;
  rowsOf(version: number, part: DocumentPart): Promise<Reply<readonly string[]>>;
  documents(version: number, page: DocumentPage): Promise<Reply<readonly DocumentState[]>>;
  /** Those of these documents that are there now. */
  documentsOf(ids: readonly string[]): Promise<Reply<readonly DocumentState[]>>;
  /** Has the object empty itself after this long. */
  retire(delayMs: number): Promise<Reply<true>>;
}

export interface TermsWire {
  readonly chunks: number;
  readonly frequencies: readonly (readonly [term: string, chunks: number])[];
}

/** A collection's name and what is behind it: names of objects, which say how many there are of each. */
export interface Entry {
  readonly name: string;
  /** What readers are shown; null while the first generation is not published. */
  readonly current: string | null;
  /** What the present generation is made of; null when that is not known. */
  readonly currentKey: string | null;
  readonly pending: string | null;
  /** What the pending generation is made of. */
  readonly pendingKey: string | null;
  readonly previous: string | null;
}

/** After a step that may give objects up: all of those that do not know it yet, also from steps before. */
export interface EntryAfter extends Entry {
  readonly givenUp: readonly string[];
}

/** Which collections there are. Each call is one step: nobody sees half of it. */
export interface RegistryRpc {
  entries(): Promise<Reply<readonly Entry[]>>;
  /** `count`: over how many objects it is spread. */
  create(name: string, count: number): Promise<Reply<Entry>>;
  /**
   * The pending generation with this key, begun when there is none; another one is given up. Nothing is begun when one
   * with this key has come to be shown since the caller was told of `before`, if it says so.
   */
  begin(
    name: string,
    key: string,
    count: number,
    before?: string | null,
  ): Promise<Reply<EntryAfter>>;
  /** Readers are shown the pending object from now on, and the one before the last is given up. */
  publish(name: string, object: string): Promise<Reply<EntryAfter>>;
  rollback(name: string): Promise<Reply<Entry>>;
  remove(name: string): Promise<Reply<EntryAfter>>;
  /** An object that was given up knows it now. */
  retired(object: string): Promise<Reply<true>>;
}

export const NOTHING: Tally = { documents: 0, chunks: 0, terms: 0 };

/** Both together. */
export function addTallies(a: Tally, b: Tally): Tally {
  return {
    documents: a.documents + b.documents,
    chunks: a.chunks + b.chunks,
    terms: a.terms + b.terms,
  };
}

/** The vector's own bytes: it may be a view into more. */
export function toBuffer(vector: Float32Array): ArrayBuffer {
  return new Float32Array(vector).buffer;
}

/** The error of an object whose vectors are not all there. */
export function vectorsLost(collection: string): AppError {
  return new AppError("collection_unavailable", {
    detail: `collection ${collection} has lost vectors: push it again with pnpm ingest push ${collection} --to edge`,
  });
}

/** Runs the work of one call; what it throws becomes the reply. */
export function reply<T>(work: () => T, onBug: (thrown: unknown) => void): Reply<T> {
  try {
    return { value: work() };
  } catch (thrown) {
    const { code, detail } = toAppError(thrown);
    if (code !== "internal")
      return { error: { code, ...(detail === undefined ? {} : { detail }) } };
    onBug(thrown);
    return { error: { code: "collection_unavailable" } };
  }
}

/** The value of a reply. Throws the AppError it holds. */
export function toValue<T>(reply: Reply<T>): T {
  if ("value" in reply) return reply.value;
  const { code, detail } = reply.error;
  throw new AppError(code, detail === undefined ? {} : { detail });
}
