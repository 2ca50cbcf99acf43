/** A store in memory with exact search: for tests and for what fits in a page of arrays. */
import type { CollectionInfo, CollectionSpec } from "../domain/collection.ts";
import { AppError } from "../errors.ts";
import { checkChange, checkQuery, checkSpec, collectionNotFound } from "./check.ts";
import { compareText, matchesFilter } from "./filter.ts";
import { createMemoryIndex, type MemoryIndex } from "./memory-index.ts";
import type {
  Change,
  ChunkWrite,
  CollectionWriter,
  DocumentState,
  DocumentWrite,
  Snapshot,
  WriteStore,
} from "./store.ts";

/** One version of a collection; a commit makes the next one, so that a snapshot never changes. */
interface State {
  readonly spec: CollectionSpec;
  readonly instance: string;
  readonly version: number;
  readonly documents: ReadonlyMap<string, DocumentWrite>;
}

/** Creates an empty store. What it holds ends with the process. */
export function createMemoryStore(): WriteStore {
  const collections = new Map<string, State>();
  const locked = new Set<string>();
  let made = 0;

  const read = (name: string): State => {
    const state = collections.get(name);
    if (state === undefined) throw collectionNotFound(name);
    return state;
  };
  const lock = (name: string): void => {
    if (locked.has(name)) {
      throw new AppError("ingest_locked", {
        detail: `collection ${name} is being written by this process; wait until it is done`,
      });
    }
    locked.add(name);
  };
  const openWriter = (name: string): CollectionWriter => {
    const state = read(name);
    lock(name);
    return createWriter({
      state,
      publish: (next) => collections.set(name, next),
      release: () => locked.delete(name),
    });
  };

  return {
    kind: "memory",
    async list(signal) {
      signal.throwIfAborted();
      return [...collections.keys()].toSorted();
    },
    async open(name, signal) {
      signal.throwIfAborted();
      return createSnapshot(read(name));
    },
    async create(spec, signal) {
      signal.throwIfAborted();
      checkSpec(spec);
      if (collections.has(spec.name)) {
        throw new AppError("invalid_request", { detail: `collection ${spec.name} exists already` });
      }
      made += 1;
      collections.set(spec.name, { spec, instance: `${made}`, version: 1, documents: new Map() });
      return openWriter(spec.name);
    },
    async openWriter(name, signal) {
      signal.throwIfAborted();
      return openWriter(name);
    },
    async drop(name, signal) {
      signal.throwIfAborted();
      read(name);
      lock(name);
      collections.delete(name);
      locked.delete(name);
    },
  };
}

function createSnapshot(state: State): Snapshot {
  const rows = toRows(state);
  let built: MemoryIndex | undefined;
  const getIndex = (): MemoryIndex => (built ??= createMemoryIndex(state.spec, rows));
  return {
    info: toInfo(state),
    instance: state.instance,
    async terms(text, signal) {
      signal.throwIfAborted();
      const index = getIndex();
      const terms = index.analyse(text).map((term) => [term, index.frequency(term)] as const);
      return { chunks: rows.length, frequencies: new Map(terms) };
    },
    async search(query, signal) {
      signal.throwIfAborted();
      const limit = checkQuery(state.spec, query);
      const { filter } = query;
      const keep = (row: number): boolean => {
        const chunk = rows[row]?.chunk;
        return chunk !== undefined && (filter === undefined || matchesFilter(filter, chunk));
      };
      const hits =
        query.type === "vector"
          ? getIndex().vector(query.vector, keep)
          : getIndex().keyword(query.terms, keep);
      return hits.slice(0, limit);
    },
    async take(wanted, signal) {
      signal.throwIfAborted();
      return wanted.map((row) => rows[Number(row)]?.chunk);
    },
    async rowsOf({ documentId, from, limit }, signal) {
      signal.throwIfAborted();
      return rows
        .map(({ chunk }, row) => ({ chunk, row: String(row) }))
        .filter(({ chunk }) => chunk.documentId === documentId && chunk.position >= from)
        .toSorted((a, b) => a.chunk.position - b.chunk.position)
        .slice(0, limit)
        .map(({ row }) => row);
    },
    async document(id, signal) {
      signal.throwIfAborted();
      return toStates(state).get(id);
    },
    async documents({ after, from, limit }, signal) {
      signal.throwIfAborted();
      return [...toStates(state).values()]
        .filter(({ id }) => after === undefined || compareText(id, after) > 0)
        .filter(({ id }) => from === undefined || compareText(id, from) >= 0)
        .toSorted((a, b) => compareText(a.id, b.id))
        .slice(0, limit);
    },
  };
}

interface WriterOptions {
  readonly state: State;
  readonly publish: (next: State) => void;
  readonly release: () => void;
}

function createWriter({ state: first, publish, release }: WriterOptions): CollectionWriter {
  let state = first;
  return {
    recovered: [],
    get info() {
      return toInfo(state);
    },
    async documents(signal) {
      signal.throwIfAborted();
      return toStates(state);
    },
    async commit(change, signal) {
      signal.throwIfAborted();
      checkChange(state.spec, change);
      const before = state;
      state = applyChange(state, change);
      publish(state);
      return {
        version: state.version,
        chunksAdded: change.put.reduce((sum, document) => sum + document.chunks.length, 0),
        chunksRemoved: countReplaced(before, change),
      };
    },
    async rehash(hashes, signal) {
      signal.throwIfAborted();
      const documents = [...state.documents].map(([id, document]): [string, DocumentWrite] => [
        id,
        { ...document, hash: hashes.get(id) ?? document.hash },
      ]);
      state = { ...state, documents: new Map(documents), version: state.version + 1 };
      publish(state);
    },
    async index(signal) {
      signal.throwIfAborted();
      return true;
    },
    async verify(signal) {
      signal.throwIfAborted();
      return [];
    },
    async optimize(signal) {
      signal.throwIfAborted();
    },
    async close() {
      release();
    },
  };
}

function applyChange(state: State, { put, remove }: Change): State {
  const documents = new Map(state.documents);
  for (const id of remove) documents.delete(id);
  for (const document of put) documents.set(document.id, document);
  return { ...state, documents, version: state.version + 1 };
}

function countReplaced(state: State, { put, remove }: Change): number {
  return [...put.map(({ id }) => id), ...remove].reduce(
    (sum, id) => sum + (state.documents.get(id)?.chunks.length ?? 0),
    0,
  );
}

function toRows(state: State): readonly ChunkWrite[] {
  return [...state.documents.values()].flatMap((document) => document.chunks);
}

function toStates(state: State): ReadonlyMap<string, DocumentState> {
  return new Map(
    [...state.documents].map(([id, { title, source, hash, chunks }]) => [
      id,
      { id, title, source, hash, chunks: chunks.length },
    ]),
  );
}

function toInfo(state: State): CollectionInfo {
  return {
    ...state.spec,
    version: state.version,
    documents: state.documents.size,
    chunks: toRows(state).length,
  };
}
