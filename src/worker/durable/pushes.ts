/** Collections sent from elsewhere: each push fills a generation of its own, which readers see when it is whole. */
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkName, checkSpec } from "../../stores/check.ts";
import type {
  CommitReport,
  DocumentPage,
  DocumentState,
  DocumentWrite,
} from "../../stores/store.ts";
import { createDurableWriter } from "./durable-writer.ts";
import { createObjects, type ObjectBindings, type Objects, raiseAbove, retire } from "./objects.ts";

/** A push has the key of what is pushed: the same key again goes on with it, or finds it done. */
export interface PushState {
  readonly status: "open" | "published";
  readonly documents: number;
  readonly chunks: number;
}

export interface PushName {
  readonly collection: string;
  readonly key: string;
}

export interface Pushes {
  /** Begins the push or goes on with it; one of another key is given up. Throws AppError: invalid_request, embedder_mismatch. */
  begin(key: string, spec: CollectionSpec, signal: AbortSignal): Promise<PushState>;
  /** What has arrived, by pages. Throws AppError ingest_locked when another push took its place. */
  documents(
    push: PushName,
    page: DocumentPage,
    signal: AbortSignal,
  ): Promise<readonly DocumentState[]>;
  /** Takes documents in one commit; those that have arrived before are left alone. Throws AppError as a writer does. */
  add(
    push: PushName,
    documents: readonly DocumentWrite[],
    signal: AbortSignal,
  ): Promise<Pick<CommitReport, "chunksAdded">>;
  /** Shows readers the push in one step. Throws AppError invalid_request when these counts have not arrived. */
  publish(
    push: PushName,
    whole: Pick<PushState, "documents" | "chunks">,
    signal: AbortSignal,
  ): Promise<PushState>;
}

/** Creates the way in for pushes. Nothing is called before it is asked. */
export function createPushes(bindings: ObjectBindings): Pushes {
  const objects = createObjects(bindings);
  return {
    begin: async (key, spec, signal) => begin(objects, key, spec, signal),
    async documents(push, page, signal) {
      const object = await findPending(objects, push, signal);
      const { version } = await describe(objects, object, signal);
      return objects.collection(object, signal, (stub) => stub.documents(version, page));
    },
    async add(push, documents, signal) {
      const object = await findPending(objects, push, signal);
      const info = await describe(objects, object, signal);
      const ids = documents.map(({ id }) => id);
      const there = await objects.collection(object, signal, (stub) => stub.documentsOf(ids));
      const hashes = new Map(there.map(({ id, hash }) => [id, hash]));
      const put = documents.filter(({ id, hash }) => hashes.get(id) !== hash);
      if (put.length === 0) return { chunksAdded: 0 };
      // First: what the object has is what has arrived.
      await objects.vectors?.put(object, put, signal);
      // All who push the same are one writer: what they send is the same.
      const writer = createDurableWriter({ objects, object, id: `push ${push.key}`, info });
      return writer.commit({ put, remove: [] }, signal);
    },
    publish: async (push, whole, signal) => publish(objects, push, whole, signal),
  };
}

async function begin(
  objects: Objects,
  key: string,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<PushState> {
  checkSpec(spec);
  await objects.vectors?.check(spec, signal);
  const { name } = spec;
  const entries = await objects.registry(signal, (stub) => stub.entries());
  const known = entries.find((entry) => entry.name === name);
  if (known?.current !== undefined && known.current !== null && known.currentKey === key) {
    return toState("published", await describe(objects, known.current, signal));
  }
  const { pending, given } = await objects.registry(signal, (stub) => stub.begin(name, key));
  if (given !== null) await retire(objects, given, signal);
  const info = await objects.collection(pending ?? "", signal, (stub) => stub.init(spec));
  return toState("open", info);
}

async function publish(
  objects: Objects,
  push: PushName,
  whole: Pick<PushState, "documents" | "chunks">,
  signal: AbortSignal,
): Promise<PushState> {
  const { collection: name, key } = push;
  const entries = await objects.registry(signal, (stub) => stub.entries());
  const entry = entries.find((one) => one.name === name);
  if (entry?.current !== undefined && entry.current !== null && entry.currentKey === key) {
    return toState("published", await describe(objects, entry.current, signal));
  }
  const object = await findPending(objects, push, signal);
  const info = await describe(objects, object, signal);
  if (info.documents !== whole.documents || info.chunks !== whole.chunks) {
    throw new AppError("invalid_request", {
      detail: `the push is not whole: ${info.documents} of ${whole.documents} documents and ${info.chunks} of ${whole.chunks} chunks have arrived; push again`,
    });
  }
  await objects.collection(object, signal, (stub) => stub.unlock(`push ${key}`));
  if (entry?.current !== undefined && entry.current !== null) {
    const { version } = await describe(objects, entry.current, signal);
    await raiseAbove(objects, object, version, signal);
  }
  const { given } = await objects.registry(signal, (stub) => stub.publish(name, object));
  if (given !== null) await retire(objects, given, signal);
  return toState("published", info);
}

async function findPending(
  objects: Objects,
  { collection, key }: PushName,
  signal: AbortSignal,
): Promise<string> {
  checkName(collection);
  const entries = await objects.registry(signal, (stub) => stub.entries());
  const entry = entries.find(({ name }) => name === collection);
  if (entry?.pending !== undefined && entry.pending !== null && entry.pendingKey === key) {
    return entry.pending;
  }
  throw new AppError("ingest_locked", {
    detail: `there is no such push of collection ${collection} under way: it is done, or another one took its place`,
  });
}

async function describe(objects: Objects, object: string, signal: AbortSignal) {
  return objects.collection(object, signal, (stub) => stub.describe());
}

function toState(
  status: PushState["status"],
  { documents, chunks }: Pick<PushState, "documents" | "chunks">,
): PushState {
  return { status, documents, chunks };
}
