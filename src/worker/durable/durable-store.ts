/** The store over Durable Objects: a registry says which object holds a collection, the object does the rest. */
import type { CollectionSpec } from "../../domain/collection.ts";
import { checkName, checkSpec, collectionNotFound } from "../../stores/check.ts";
import type { GenerationWriter, WriteStore } from "../../stores/store.ts";
import { createDurableSnapshot } from "./durable-snapshot.ts";
import { createDurableWriter } from "./durable-writer.ts";
import { createObjects, type ObjectBindings, type Objects, raiseAbove, retire } from "./objects.ts";
import type { Entry } from "./protocol.ts";

export interface DurableStoreOptions extends ObjectBindings {
  /** How long the registry's list is believed. */
  readonly freshnessMs: number;
  readonly now: () => number;
}

/** Creates the store. Nothing is called before it is asked. */
export function createDurableStore(options: DurableStoreOptions): WriteStore {
  const objects = createObjects(options);
  const entries = createEntries(objects, options);
  const find = async (name: string, signal: AbortSignal): Promise<string> => {
    checkName(name);
    const found = (await entries.read(signal)).find((entry) => entry.name === name)?.current;
    if (typeof found !== "string") throw collectionNotFound(name);
    return found;
  };

  return {
    kind: "durable objects",
    async list(signal) {
      const all = await entries.read(signal);
      return all.filter(({ current }) => current !== null).map(({ name }) => name);
    },
    async open(name, signal) {
      const object = await find(name, signal);
      const info = await objects.collection(object, signal, (stub) => stub.describe());
      const snapshot = createDurableSnapshot({ objects, object, info });
      return objects.vectors?.wrap(snapshot, object) ?? snapshot;
    },
    async create(spec, signal) {
      checkSpec(spec);
      const { current } = await objects.registry(signal, (stub) => stub.create(spec.name));
      entries.forget();
      return openWriter(objects, current ?? "", signal, spec);
    },
    async openWriter(name, signal) {
      entries.forget();
      return openWriter(objects, await find(name, signal), signal);
    },
    generations: {
      begin: async (spec, signal) => begin(objects, spec, signal, entries.forget),
      async rollback(name, signal) {
        checkName(name);
        const { current, previous } = await objects.registry(signal, (s) => s.rollback(name));
        entries.forget();
        const replaced = await objects.collection(previous ?? "", signal, (s) => s.describe());
        return raiseAbove(objects, current ?? "", replaced.version, signal);
      },
    },
    async drop(name, signal) {
      entries.forget();
      const writer = await openWriter(objects, await find(name, signal), signal);
      const entry = await objects.registry(signal, (stub) => stub.remove(name));
      entries.forget();
      await writer.close();
      for (const object of [entry.current, entry.pending, entry.previous]) {
        if (object !== null) await retire(objects, object, signal);
      }
    },
  };
}

interface Entries {
  read(signal: AbortSignal): Promise<readonly Entry[]>;
  readonly forget: () => void;
}

/** The registry's list, believed for a while; each asks for itself, because requests do not share what they wait for. */
function createEntries(
  objects: Objects,
  { freshnessMs, now }: Pick<DurableStoreOptions, "freshnessMs" | "now">,
): Entries {
  let known: { readonly entries: readonly Entry[]; readonly untilMs: number } | undefined;
  return {
    async read(signal) {
      signal.throwIfAborted();
      if (known !== undefined && now() < known.untilMs) return known.entries;
      const entries = await objects.registry(signal, (stub) => stub.entries());
      known = { entries, untilMs: now() + freshnessMs };
      return entries;
    },
    forget: () => (known = undefined),
  };
}

async function openWriter(
  objects: Objects,
  object: string,
  signal: AbortSignal,
  spec?: CollectionSpec,
) {
  if (spec !== undefined) await objects.collection(object, signal, (stub) => stub.init(spec));
  const id = crypto.randomUUID();
  const info = await objects.collection(object, signal, (stub) => stub.lock(id));
  return createDurableWriter({ objects, object, id, info });
}

async function begin(
  objects: Objects,
  spec: CollectionSpec,
  signal: AbortSignal,
  onPublish: () => void,
): Promise<GenerationWriter> {
  checkSpec(spec);
  const { name } = spec;
  const key = JSON.stringify(spec);
  const { pending, current, given } = await objects.registry(signal, (s) => s.begin(name, key));
  if (given !== null) await retire(objects, given, signal);
  const object = pending ?? "";
  const writer = await openWriter(objects, object, signal, spec);
  return {
    ...writer,
    get info() {
      return writer.info;
    },
    async publish(signal) {
      if (current !== null) {
        const { version } = await objects.collection(current, signal, (stub) => stub.describe());
        await raiseAbove(objects, object, version, signal);
      }
      const { given } = await objects.registry(signal, (stub) => stub.publish(name, object));
      onPublish();
      if (given !== null) await retire(objects, given, signal);
    },
  };
}
