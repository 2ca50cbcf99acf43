/** The store over Durable Objects: a registry says which objects hold a collection, the objects do the rest. */
import type { Clock } from "../../async/clock.ts";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkName, checkSpec, collectionNotFound } from "../../stores/check.ts";
import type {
  CollectionWriter,
  GenerationWriter,
  Snapshot,
  WriteStore,
} from "../../stores/store.ts";
import { ifReached, type Parts, toParts } from "./ask-parts.ts";
import { createDescriptions, type Descriptions } from "./descriptions.ts";
import { createDurableSnapshot, toInfo } from "./durable-snapshot.ts";
import { openWriter } from "./durable-writer.ts";
import {
  createObjects,
  initAll,
  type ObjectBindings,
  type Objects,
  raiseAbove,
  retireAll,
} from "./objects.ts";
import type { Entry, EntryAfter, PartInfo } from "./protocol.ts";

export interface DurableStoreOptions extends ObjectBindings {
  /** How long the registry's list is believed, and what the objects say of themselves. */
  readonly freshnessMs: number;
  readonly clock: Clock;
  /** Over how many objects a collection is spread that is created here; a push says so itself. */
  readonly objectsOfNew?: number;
}

/** Creates the store. Nothing is called before it is asked. */
export function createDurableStore(options: DurableStoreOptions): WriteStore {
  const { objectsOfNew: count = 1 } = options;
  const objects = createObjects(options);
  const entries = createEntries(objects, options);
  const descriptions = createDescriptions(options);
  const forget = (): void => {
    entries.forget();
    descriptions.forget();
  };
  const findEntry = async (name: string, signal: AbortSignal): Promise<Entry | undefined> => {
    checkName(name);
    return (await entries.read(signal)).find((entry) => entry.name === name);
  };
  const find = async (name: string, signal: AbortSignal): Promise<string> => {
    const found = (await findEntry(name, signal))?.current;
    if (typeof found !== "string") throw collectionNotFound(name);
    return found;
  };
  const open: OpenWriter = async (parts, signal) =>
    openWriter(parts, (info) => descriptions.keep(parts, info), signal);

  return {
    kind: "durable objects",
    async list(signal) {
      const all = await entries.read(signal);
      return all.filter(({ current }) => current !== null).map(({ name }) => name);
    },
    open: async (name, signal) => openShown({ objects, descriptions, find, forget }, name, signal),
    async create(spec, signal) {
      checkSpec(spec);
      const { name } = spec;
      const { current } = await objects.registry(signal, (stub) => stub.create(name, count));
      forget();
      const parts = toParts(objects, name, current ?? "");
      await initAll(parts, spec, signal);
      return open(parts, signal);
    },
    async openWriter(name, signal) {
      forget();
      return open(toParts(objects, name, await find(name, signal)), signal);
    },
    generations: {
      begin: async (spec, signal) => begin({ objects, open, forget, count }, spec, signal),
      async rollback(name, signal) {
        checkName(name);
        const { current, previous } = await objects.registry(signal, (s) => s.rollback(name));
        forget();
        return toInfo(await raiseAbove(objects, current ?? "", previous ?? "", signal));
      },
    },
    async drop(name, signal) {
      forget();
      // What a push has begun and never shown takes room as well.
      const entry = await findEntry(name, signal);
      const object = entry?.current ?? entry?.pending;
      if (typeof object !== "string") throw collectionNotFound(name);
      const removed = remove(objects, { name, object }, signal);
      await retireAll(objects, await removed.finally(forget), signal);
    },
  };
}

interface Shelf {
  readonly objects: Objects;
  readonly descriptions: Descriptions;
  readonly find: (name: string, signal: AbortSignal) => Promise<string>;
  readonly forget: () => void;
}

async function openShown(
  { objects, descriptions, find, forget }: Shelf,
  name: string,
  signal: AbortSignal,
): Promise<Snapshot> {
  const object = await find(name, signal);
  const parts = toParts(objects, name, object);
  const info = await descriptions.read(parts, signal);
  if (info !== undefined) return openSnapshot(parts, object, info);
  forget(); // it may have been replaced or dropped since the list was read
  const now = await find(name, signal);
  const partsNow = toParts(objects, name, now);
  const again = await descriptions.read(partsNow, signal);
  if (again === undefined) throw lostAll(name, now);
  return openSnapshot(partsNow, now, again);
}

function openSnapshot(parts: Parts, object: string, first: PartInfo): Snapshot {
  const snapshot = { ...createDurableSnapshot(parts, first), instance: object };
  return parts.objects.vectors?.wrap(snapshot, object) ?? snapshot;
}

function lostAll(collection: string, object: string): AppError {
  return new AppError("collection_unavailable", {
    detail: `collection ${collection} has lost its object ${object}: push it again with pnpm ingest push ${collection} --to edge`,
  });
}

interface Shown {
  readonly name: string;
  readonly object: string;
}

/** The same for every removal, so that one that was broken off is in nobody's way. */
const REMOVAL = "removal";

/** Takes the name off the registry once writers are kept away; an object that is lost has none. */
async function remove(
  objects: Objects,
  { name, object }: Shown,
  signal: AbortSignal,
): Promise<EntryAfter> {
  const locked = objects.collection(object, signal, (stub) => stub.lock(REMOVAL));
  await ifReached(locked, signal);
  return objects.registry(signal, (stub) => stub.remove(name));
}

interface Entries {
  read(signal: AbortSignal): Promise<readonly Entry[]>;
  readonly forget: () => void;
}

/** The registry's list, believed for a while; each asks for itself, because requests do not share what they wait for. */
function createEntries(
  objects: Objects,
  { freshnessMs, clock }: Pick<DurableStoreOptions, "freshnessMs" | "clock">,
): Entries {
  let known: { readonly entries: readonly Entry[]; readonly untilMs: number } | undefined;
  return {
    async read(signal) {
      signal.throwIfAborted();
      if (known !== undefined && clock.now() < known.untilMs) return known.entries;
      const entries = await objects.registry(signal, (stub) => stub.entries());
      known = { entries, untilMs: clock.now() + freshnessMs };
      return entries;
    },
    forget: () => (known = undefined),
  };
}

type OpenWriter = (parts: Parts, signal: AbortSignal) => Promise<CollectionWriter>;

interface Beginning {
  readonly objects: Objects;
  readonly open: OpenWriter;
  readonly forget: () => void;
  readonly count: number;
}

async function begin(
  { objects, open, forget, count }: Beginning,
  spec: CollectionSpec,
  signal: AbortSignal,
): Promise<GenerationWriter> {
  checkSpec(spec);
  const { name } = spec;
  const key = JSON.stringify(spec);
  const begun = await objects.registry(signal, (stub) => stub.begin(name, key, count));
  await retireAll(objects, begun, signal);
  const { current } = begun;
  const object = begun.pending ?? "";
  const parts = toParts(objects, name, object);
  await initAll(parts, spec, signal);
  const writer: CollectionWriter = await open(parts, signal);
  return {
    ...writer,
    get info() {
      return writer.info;
    },
    async publish(signal) {
      if (current !== null) await raiseAbove(objects, object, current, signal);
      const published = await objects.registry(signal, (stub) => stub.publish(name, object));
      forget();
      await retireAll(objects, published, signal);
    },
  };
}
