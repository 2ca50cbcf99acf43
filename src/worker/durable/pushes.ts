/** Collections sent from elsewhere: each push fills a generation of its own, which readers see when it is whole. */
import pMap from "p-map";
import type { Clock } from "../../async/clock.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError, type ErrorCode, toAppError } from "../../errors.ts";
import { checkChange, checkName, checkSpec } from "../../stores/check.ts";
import type { PushAnswer, PushEnd, PushStart } from "../../stores/push-format.ts";
import type {
  CommitReport,
  DocumentPage,
  DocumentState,
  DocumentWrite,
} from "../../stores/store.ts";
import { askEvery, type Parts, toParts } from "./ask-parts.ts";
import { toDocumentWire } from "./document-wire.ts";
import { readPage } from "./durable-snapshot.ts";
import { createObjects, initAll, type ObjectBindings, raiseAbove, retireAll } from "./objects.ts";
import { countObjects, OBJECTS_MAX, splitByPart } from "./parts.ts";
import { addTallies, type Entry, NOTHING, type PartInfo, type Tally } from "./protocol.ts";

/** A push has the key of what is pushed: the same key again goes on with it, or finds it done. */
export interface PushName {
  readonly collection: string;
  readonly key: string;
}

export interface PushOptions extends ObjectBindings {
  readonly clock: Clock;
  /** Vectors of one object, as they lie in its memory. */
  readonly vectorBytesMax: number;
}

export interface Pushes {
  /**
   * Begins the push or goes on with it; one of another key is given up. Throws AppError: invalid_request, also
   * for a key that another spec has; payload_too_large.
   */
  begin(start: PushStart, signal: AbortSignal): Promise<PushAnswer>;
  /** What has arrived, by pages. Throws AppError ingest_locked when another push took its place. */
  documents(
    push: PushName,
    page: DocumentPage,
    signal: AbortSignal,
  ): Promise<readonly DocumentState[]>;
  /** Takes documents in one commit; those that have arrived before, by another push of this key too, are left alone. Throws AppError as a writer does. */
  add(
    push: PushName,
    documents: readonly DocumentWrite[],
    signal: AbortSignal,
  ): Promise<Pick<CommitReport, "chunksAdded">>;
  /** Shows readers the push in one step. Throws AppError invalid_request when these counts have not arrived. */
  publish(push: PushName, whole: PushEnd, signal: AbortSignal): Promise<PushAnswer>;
}

/** Creates the way in for pushes. Nothing is called before it is asked. */
export function createPushes(options: PushOptions): Pushes {
  const { vectorBytesMax } = options;
  const objects = createObjects(options);
  const find = async (collection: string, signal: AbortSignal): Promise<Entry | undefined> => {
    checkName(collection);
    const entries = await objects.registry(signal, (stub) => stub.entries());
    return entries.find(({ name }) => name === collection);
  };
  const findFilled = async (push: PushName, signal: AbortSignal): Promise<Filled> =>
    toFilled(push, await find(push.collection, signal));

  return {
    async begin({ key, spec, chunks = 0 }, signal) {
      checkSpec(spec);
      await objects.vectors?.check(spec, signal);
      const count = countObjects(chunks, spec.dimensions, vectorBytesMax);
      const { name } = spec;
      const entry = await find(name, signal);
      const shown = toShown(key, entry);
      const held =
        shown === undefined ? undefined : await findWhole(toParts(objects, name, shown), signal);
      if (held !== undefined) return toState("published", checkSame(held, spec));
      const before = entry?.current ?? null;
      const begun = await objects.registry(signal, (stub) => stub.begin(name, key, count, before));
      await retireAll(objects, begun, signal);
      const { object, isShown } = toFilled({ collection: name, key }, begun);
      const there = await initAll(toParts(objects, name, object), spec, signal);
      return toState(isShown ? "published" : "open", checkSame(there, spec));
    },
    async documents(push, page, signal) {
      const { object } = await findFilled(push, signal);
      const parts = toParts(objects, push.collection, object);
      const held = await describeAll(parts, signal);
      const version = Math.max(...held.map((part) => part.version));
      return readPage(parts, { version, page }, signal);
    },
    async add(push, documents, signal) {
      const { object, isShown } = await findFilled(push, signal);
      if (isShown) return { chunksAdded: 0 };
      const parts = toParts(objects, push.collection, object);
      const report = await add({ ...parts, object }, push.key, documents, signal);
      const { vectors } = objects;
      if (vectors === undefined) return report;
      const entry = await find(push.collection, signal);
      if (isHeld(object, entry)) return report;
      // Given up meanwhile: whoever took its vectors away may have done so before these came.
      await vectors.remove(object, toStates(documents), signal);
      throw takenOver(push);
    },
    async publish(push, whole, signal) {
      const entry = await find(push.collection, signal);
      const { object, isShown } = toFilled(push, entry);
      const parts = toParts(objects, push.collection, object);
      if (isShown) return toState("published", await describeAll(parts, signal));
      const state = await show(parts, { whole, key: push.key }, signal);
      if (typeof entry?.current === "string") {
        await raiseAbove(objects, object, entry.current, signal);
      }
      const published = await objects.registry(signal, (stub) =>
        stub.publish(push.collection, object),
      );
      await retireAll(objects, published, signal);
      return state;
    },
  };
}

/** What readers are shown, when it is this push. */
function toShown(key: string, entry: Entry | undefined): string | undefined {
  return entry?.currentKey === key && entry.current !== null ? entry.current : undefined;
}

interface Filled {
  readonly object: string;
  /** All of the push has arrived: another one of the same key was first. */
  readonly isShown: boolean;
}

/** What the push fills or has filled. Throws AppError ingest_locked. */
function toFilled({ collection, key }: PushName, entry: Entry | undefined): Filled {
  if (entry?.pendingKey === key && entry.pending !== null) {
    return { object: entry.pending, isShown: false };
  }
  const shown = toShown(key, entry);
  if (shown !== undefined) return { object: shown, isShown: true };
  throw takenOver({ collection });
}

function takenOver({ collection }: Pick<PushName, "collection">): AppError {
  return new AppError("ingest_locked", {
    detail: `there is no such push of collection ${collection} any more: another one took its place, or it was rolled back or removed`,
  });
}

/** Whether the registry still leads to the object. */
function isHeld(object: string, entry: Entry | undefined): boolean {
  return [entry?.pending, entry?.current, entry?.previous].includes(object);
}

async function* toStates(documents: readonly DocumentWrite[]): AsyncGenerator<DocumentState> {
  yield* documents.map((document) => ({ ...document, chunks: document.chunks.length }));
}

async function describeAll(parts: Parts, signal: AbortSignal): Promise<readonly PartInfo[]> {
  return askEvery(parts, signal, (stub) => stub.describe());
}

/** Undefined: an object of it is gone or damaged, and pushing it again is what mends it. */
async function findWhole(
  parts: Parts,
  signal: AbortSignal,
): Promise<readonly PartInfo[] | undefined> {
  try {
    const held = await describeAll(parts, signal);
    return held.some(({ isDamaged }) => isDamaged) ? undefined : held;
  } catch (thrown) {
    if (LOST.has(toAppError(thrown).code)) return undefined;
    throw thrown;
  }
}

const LOST: ReadonlySet<ErrorCode> = new Set(["collection_not_found", "collection_unavailable"]);

/** The same parts. Throws AppError invalid_request when they hold a collection of another spec. */
function checkSame(held: readonly PartInfo[], spec: CollectionSpec): readonly PartInfo[] {
  const other = held.find((one) => !isSameSpec(one, spec));
  if (other === undefined) return held;
  throw new AppError("invalid_request", {
    detail: `this key is that of another push of collection ${other.name}, with another spec; a key may name one content only`,
  });
}

function isSameSpec(left: CollectionSpec, right: CollectionSpec): boolean {
  const names = ["embedder", "dimensions", "chunker", "language", "tokenizer"] as const;
  const fields = Object.entries(left.metadata);
  return (
    names.every((name) => left[name] === right[name]) &&
    fields.length === Object.keys(right.metadata).length &&
    fields.every(([name, type]) => right.metadata[name] === type)
  );
}

/** Each part takes its documents by itself: nobody reads them before all of them are shown. */
async function add(
  parts: Parts & { readonly object: string },
  key: string,
  documents: readonly DocumentWrite[],
  signal: AbortSignal,
): Promise<Pick<CommitReport, "chunksAdded">> {
  const { objects, names, object } = parts;
  const [info] = await describeAll({ ...parts, names: names.slice(0, 1) }, signal);
  if (info === undefined) return { chunksAdded: 0 };
  checkChange(info, { put: documents, remove: [] });
  const byPart = splitByPart(documents, names.length, ({ id }) => id);
  const added = await pMap(
    names,
    async (name, part) => {
      const sent = byPart[part] ?? [];
      if (sent.length === 0) return 0;
      const ids = sent.map(({ id }) => id);
      const there = await objects.collection(name, signal, (stub) => stub.documentsOf(ids));
      const hashes = new Map(there.map(({ id, hash }) => [id, hash]));
      const fresh = sent.filter(({ id, hash }) => hashes.get(id) !== hash);
      if (fresh.length === 0) return 0;
      // First: what the object has is what has arrived.
      await objects.vectors?.put(object, fresh, signal);
      const put = fresh.map(toDocumentWire);
      // All who push the same are one writer: what they send is the same.
      const { chunksAdded } = await objects.collection(name, signal, (stub) =>
        stub.commit(`push ${key}`, { put, remove: [] }, null),
      );
      return chunksAdded;
    },
    { concurrency: OBJECTS_MAX },
  );
  return { chunksAdded: added.reduce((sum, chunks) => sum + chunks, 0) };
}

interface Showing {
  readonly whole: PushEnd;
  readonly key: string;
}

/** Has all objects know what they hold together, under a version that none of them has passed. */
async function show(
  parts: Parts,
  { whole, key }: Showing,
  signal: AbortSignal,
): Promise<PushAnswer> {
  const held = await describeAll(parts, signal);
  const state = toState("published", held);
  if (state.documents !== whole.documents || state.chunks !== whole.chunks) {
    throw new AppError("invalid_request", {
      detail: `the push is not whole: ${state.documents} of ${whole.documents} documents and ${state.chunks} of ${whole.chunks} chunks have arrived; push again`,
    });
  }
  await askEvery(parts, signal, (stub) => stub.unlock(`push ${key}`));
  if (held.length === 1) return state;
  const version = Math.max(...held.map((part) => part.version));
  await askEvery(parts, signal, (stub) => stub.show({ ...sum(held), version }));
  return state;
}

function sum(held: readonly PartInfo[]): Tally {
  return held.reduce<Tally>(
    (all, { documents, chunks, terms }) =>
      addTallies(all, { documents, chunks, terms: terms ?? 0 }),
    NOTHING,
  );
}

function toState(status: PushAnswer["status"], held: readonly PartInfo[]): PushAnswer {
  const { documents, chunks } = sum(held);
  return { status, documents, chunks };
}
