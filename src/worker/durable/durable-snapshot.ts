/** A collection in an object, read at one version. */
import type { Chunk } from "../../domain/chunk.ts";
import type { CollectionInfo } from "../../domain/collection.ts";
import { checkQuery } from "../../stores/check.ts";
import type { Condition, Snapshot, StoreQuery } from "../../stores/store.ts";
import type { Objects } from "./objects.ts";
import type { CollectionRpc, QueryWire, Reply } from "./protocol.ts";

export interface SnapshotParts {
  readonly objects: Objects;
  readonly object: string;
  readonly info: CollectionInfo & Condition;
}

export function createDurableSnapshot({
  objects,
  object,
  info: described,
}: SnapshotParts): Snapshot {
  const { committedAtMs, indexedShare, ...info } = described;
  const { version } = info;
  const call = async <T>(signal: AbortSignal, work: (stub: CollectionRpc) => Promise<Reply<T>>) =>
    objects.collection(object, signal, work);
  return {
    info,
    async terms(text, signal) {
      const { chunks, frequencies } = await call(signal, (stub) => stub.terms(version, text));
      return { chunks, frequencies: new Map(frequencies) };
    },
    async search(query, signal) {
      signal.throwIfAborted();
      const wire = toWire(query, checkQuery(info, query));
      return call(signal, (stub) => stub.search(version, wire));
    },
    async take(rows, signal) {
      signal.throwIfAborted();
      if (rows.length === 0) return [];
      const found = await call(signal, (stub) => stub.take(rows));
      return found.map((json) => (json === null ? undefined : parseChunk(json)));
    },
    rowsOf: async (part, signal) => call(signal, (stub) => stub.rowsOf(version, part)),
    documents: async (page, signal) => call(signal, (stub) => stub.documents(version, page)),
    async condition() {
      return {
        ...(committedAtMs === undefined ? {} : { committedAtMs }),
        ...(indexedShare === undefined ? {} : { indexedShare }),
      };
    },
  };
}

function toWire(query: StoreQuery, limit: number): QueryWire {
  const filter = query.filter === undefined ? null : JSON.stringify(query.filter);
  return query.type === "keyword"
    ? { type: "keyword", terms: query.terms, limit, filter }
    : { type: "vector", vector: toBuffer(query.vector), limit, filter };
}

/** The vector's own bytes: it may be a view into more. */
export function toBuffer(vector: Float32Array): ArrayBuffer {
  return new Float32Array(vector).buffer;
}

/** A damaged chunk is none. */
function parseChunk(json: string): Chunk | undefined {
  try {
    return JSON.parse(json) as Chunk;
  } catch {
    return undefined;
  }
}
