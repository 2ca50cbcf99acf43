/** Generations of a collection: begun beside the present one, published by the pointer, kept for a while, removed. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkSpec } from "../../stores/check.ts";
import type { CollectionWriter, Generations, GenerationWriter } from "../../stores/store.ts";
import { moveAside } from "../durable/files.ts";
import { appendJournal, readJournal } from "../durable/journal.ts";
import { inspectPointer, type Pointer, readPointer, writePointer } from "../durable/pointer.ts";
import type { Lock } from "../files/lock.ts";
import { toAnalyser } from "./analyser.ts";
import { isThere, type LanceBase, openTable } from "./base.ts";
import { listPlaces, type Place, toPaths, toPlace, toPointerPath } from "./place.ts";
import { readSpec, toNewSchema } from "./schema.ts";
import { dropTable } from "./drop-table.ts";
import { isOfStore, toStoreError } from "./store-error.ts";
import { toTermsName } from "./term-store.ts";

const HOUR_MS = 3_600_000;

interface GenerationDeps {
  readonly base: LanceBase;
  /** Runs under the collection's lock, which the writer keeps. */
  readonly withLock: <T>(collection: string, work: (lock: Lock) => Promise<T>) => Promise<T>;
  readonly openWriter: (place: Place, lock: Lock) => Promise<CollectionWriter>;
  /** Throws AppError collection_not_found. */
  readonly checkThere: (collection: string) => Promise<void>;
  readonly readInfo: (collection: string, signal: AbortSignal) => Promise<CollectionInfo>;
  readonly forget: (collection: string) => void;
}

/** Creates the generations of a local store. */
export function createGenerations(deps: GenerationDeps): Generations {
  const { base } = deps;
  return {
    async begin(spec, signal) {
      signal.throwIfAborted();
      checkSpec(spec);
      toAnalyser(spec);
      return deps.withLock(spec.name, async (lock) => {
        const pointer = await readPointer(toPointerPath(base, spec.name), spec.name);
        await removeExpired(base, spec.name);
        const place = await findBegun(base, spec, pointer);
        const writer = await deps.openWriter(place, lock);
        return withPublish(writer, async () => {
          try {
            await point(base, place, pointer.current);
          } catch (thrown) {
            throw toStoreError(thrown, spec.name);
          }
          deps.forget(spec.name);
        });
      });
    },
    async rollback(collection, signal) {
      signal.throwIfAborted();
      await deps.checkThere(collection);
      await deps.withLock(collection, async (lock) => {
        const { current, previous } = await readPointer(
          toPointerPath(base, collection),
          collection,
        );
        const place = previous && toPlace(collection, previous.generation);
        const isKept =
          place !== undefined &&
          (await isThere(base, place)) &&
          !(await isBegun(base, place, current));
        if (!isKept) {
          throw new AppError("not_found", {
            detail: `collection ${collection} has no generation before the present one; it is kept for GENERATION_KEEP_HOURS after it was replaced`,
          });
        }
        await point(base, place, current);
        deps.forget(collection);
        await lock.release();
      });
      return deps.readInfo(collection, signal);
    },
  };
}

function withPublish(writer: CollectionWriter, publish: () => Promise<void>): GenerationWriter {
  return {
    recovered: writer.recovered,
    get info() {
      return writer.info; // changes with every commit
    },
    documents: (signal) => writer.documents(signal),
    commit: (change, signal) => writer.commit(change, signal),
    rehash: async (hashes, signal) => writer.rehash?.(hashes, signal),
    index: (signal, progress) => writer.index(signal, progress),
    verify: (signal) => writer.verify(signal),
    optimize: (signal, progress) => writer.optimize(signal, progress),
    close: () => writer.close(),
    publish,
  };
}

/** Points readers to the place; the generation before it is kept. */
async function point(base: LanceBase, place: Place, before: number): Promise<void> {
  const nowMs = Date.now();
  // In the journal first: from it a pointer that was lost is made again.
  await appendJournal(toPaths(base, place).journal, { type: "ready", atMs: nowMs });
  await writePointer(toPointerPath(base, place.collection), {
    current: place.generation,
    previous: { generation: before, keptUntilMs: toKeptUntilMs(base, nowMs) },
  });
}

/** How long the generation is kept that was replaced at this time. */
export function toKeptUntilMs({ config }: LanceBase, replacedAtMs: number): number {
  return replacedAtMs + config.generationKeepHours * HOUR_MS;
}

/** The newest generation if it was begun with this spec and never shown, else a new one. */
async function findBegun(base: LanceBase, spec: CollectionSpec, pointer: Pointer): Promise<Place> {
  const all = await listGenerations(base, spec.name);
  const newest = all.at(-1);
  if (newest !== undefined && (await isBegun(base, newest, pointer.current))) {
    if (await hasSpec(base, newest, spec)) return newest;
    await removeGeneration(base, newest);
  }
  const place = toPlace(spec.name, Math.max(pointer.current, newest?.generation ?? 1) + 1);
  await makeTable(base, place, spec);
  return place;
}

/** Is it being built? Its number may be that of one which was shown, replaced and removed. */
async function isBegun(base: LanceBase, place: Place, current: number): Promise<boolean> {
  if (place.generation <= current) return false;
  return (await readJournal(toPaths(base, place).journal)).readyAtMs === undefined;
}

/** Makes an empty table. The shell of a creation that was cut off, or what a removal that was cut off left, is moved aside. */
export async function makeTable(
  base: LanceBase,
  place: Place,
  spec: CollectionSpec,
): Promise<void> {
  if (base.local) {
    const { folder, journal, quarantine } = toPaths(base, place);
    for (const path of [folder, journal]) {
      if (existsSync(path)) await moveAside(path, quarantine);
    }
  }
  await dropTable(base, toTermsName(place.table));
  await base.connection.createEmptyTable(place.table, toNewSchema(spec));
}

async function hasSpec(base: LanceBase, place: Place, spec: CollectionSpec): Promise<boolean> {
  try {
    const found = readSpec(await (await openTable(base, place)).schema(), place.collection);
    return toComparable(found) === toComparable(spec);
  } catch (thrown) {
    // A shell, or damaged before anyone saw it; of a store that cannot be used now nothing is known.
    if (thrown instanceof AppError && !isOfStore(thrown)) return false;
    throw thrown;
  }
}

/** The order of the fields says nothing. */
function toComparable({ metadata, ...spec }: CollectionSpec): string {
  const byName = (value: object): readonly (readonly [string, unknown])[] =>
    Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([byName(spec), byName(metadata)]);
}

/** All generations that have a table, oldest first. */
export async function listGenerations(
  base: LanceBase,
  collection: string,
): Promise<readonly Place[]> {
  const places = await listPlaces(base);
  return places
    .filter((place) => place.collection === collection)
    .toSorted((one, other) => one.generation - other.generation);
}

/** Removes generations that were shown once and are neither read nor kept. Needs the lock. Returns their tables' names. */
export async function removeExpired(base: LanceBase, collection: string): Promise<string[]> {
  if (!base.local) return [];
  const pointer = await inspectPointer(toPointerPath(base, collection));
  // Without a sound pointer nobody knows which one is read.
  if (typeof pointer === "string") return [];
  const { current, previous } = pointer;
  const removed: string[] = [];
  for (const place of await listGenerations(base, collection)) {
    const kept = previous?.generation === place.generation && previous.keptUntilMs > Date.now();
    if (place.generation === current || kept || (await isBegun(base, place, current))) continue;
    await removeGeneration(base, place);
    removed.push(place.table);
  }
  return removed;
}

/** Removes a generation with all that lies beside it. What was moved aside stays. */
export async function removeGeneration(base: LanceBase, place: Place): Promise<void> {
  await dropTable(base, toTermsName(place.table));
  await dropTable(base, place.table);
  if (!base.local) return;
  const { folder, journal } = toPaths(base, place);
  // The library leaves the folder of a shell.
  await rm(folder, { recursive: true, force: true });
  await rm(journal, { force: true });
}
