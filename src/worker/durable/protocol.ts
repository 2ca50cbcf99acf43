/** What Worker and objects say to each other: plain values, and failures as values, because classes do not survive the way. */
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError, type ErrorCode, toAppError } from "../../errors.ts";
import type {
  CommitReport,
  Condition,
  DocumentPage,
  DocumentPart,
  DocumentState,
  StoreHit,
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
  /** What the full-text index gets. */
  readonly content: string;
  /** Values of the columns that can be filtered on, by column. */
  readonly columns: Readonly<Record<string, string>>;
  readonly vector: ArrayBuffer | null;
}

export type QueryWire = {
  readonly limit: number;
  /** The checked filter as JSON. */
  readonly filter: string | null;
} & (
  | { readonly type: "vector"; readonly vector: ArrayBuffer }
  | { readonly type: "keyword"; readonly terms: readonly WeightedTerm[] }
);

export interface ChangeWire {
  readonly put: readonly DocumentWire[];
  readonly remove: readonly string[];
}

/** One collection, or one generation of it. */
export interface CollectionRpc {
  init(spec: CollectionSpec): Promise<Reply<CollectionInfo>>;
  describe(): Promise<Reply<CollectionInfo & Condition>>;
  lock(writer: string): Promise<Reply<CollectionInfo>>;
  unlock(writer: string): Promise<Reply<true>>;
  commit(writer: string, change: ChangeWire): Promise<Reply<CommitReport>>;
  tidy(writer: string): Promise<Reply<CollectionInfo>>;
  /** Has the next version be later than this one. */
  raise(version: number): Promise<Reply<CollectionInfo>>;
  verify(): Promise<Reply<readonly string[]>>;
  terms(version: number, text: string): Promise<Reply<TermsWire>>;
  search(version: number, query: QueryWire): Promise<Reply<readonly StoreHit[]>>;
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

/** A collection's name and the objects behind it. */
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

/** Which collections there are. Each call is one step: nobody sees half of it. */
export interface RegistryRpc {
  entries(): Promise<Reply<readonly Entry[]>>;
  create(name: string): Promise<Reply<Entry>>;
  /** The pending generation with this key, begun when there is none; another one is given up. */
  begin(name: string, key: string): Promise<Reply<Entry & { readonly given: string | null }>>;
  /** Readers are shown the pending object from now on; `given`: the object that is no longer needed. */
  publish(name: string, object: string): Promise<Reply<Entry & { readonly given: string | null }>>;
  rollback(name: string): Promise<Reply<Entry>>;
  remove(name: string): Promise<Reply<Entry>>;
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
