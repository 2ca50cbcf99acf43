/** The store on LanceDB: one table a collection, in a local folder or on object storage. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkName, checkSpec } from "../../stores/check.ts";
import type { LanceTables } from "../../http/lance/tables.ts";
import type { CollectionWriter, WriteStore } from "../../stores/store.ts";
import { moveAside } from "../durable/files.ts";
import { readJournal } from "../durable/journal.ts";
import type { Lock } from "../files/lock.ts";
import { toAnalyser } from "./analyser.ts";
import { connectLance, isThere, type LanceBase, type LanceOptions, openTable } from "./base.ts";
import { raiseFence } from "./fence.ts";
import { createGenerations, listGenerations, makeTable, removeGeneration } from "./generations.ts";
import { acquireLease } from "./lease.ts";
import { createListing } from "./listing.ts";
import { acquireLocalLock } from "./local-lock.ts";
import { findPlace, type Place, toPaths, toPlace, toPointerPath } from "./place.ts";
import { createReader } from "./reader.ts";
import { recoverTable } from "./recover.ts";
import { readSpec } from "./schema.ts";
import { toStoreError } from "./store-error.ts";
import { createTables } from "./tables.ts";
import { createWriter } from "./writer.ts";

export interface LanceStore extends WriteStore {
  /** The same collections as tables. */
  readonly tables: LanceTables;
}

/**
 * Opens the store; make one a process, because the number of native calls at once and the cache are bounded a store.
 * Throws AppError store_unavailable when the place cannot be used.
 */
export async function createLanceStore(options: LanceOptions): Promise<LanceStore> {
  const base = await connectLance(options);
  const reader = createReader(base);
  const listing = createListing(base, reader);
  const withLock = async <T>(collection: string, work: (lock: Lock) => Promise<T>): Promise<T> => {
    const lock = await acquire(base, collection);
    try {
      return await work(lock);
    } catch (thrown) {
      await lock.release();
      throw toStoreError(thrown, collection);
    }
  };
  const write = async (place: Place, lock: Lock): Promise<CollectionWriter> => {
    const recovered = await recoverTable(base, place);
    const table = await openTable(base, place);
    const onChange = (): void => reader.forget(place.collection);
    return createWriter({ base, place, table, lock, recovered, onChange });
  };
  const generations = createGenerations({
    base,
    withLock,
    openWriter: write,
    checkThere: (collection) => checkThere(base, collection),
    readInfo: async (collection, signal) => (await reader.open(collection, signal)).info,
    forget: (collection) => reader.forget(collection),
  });

  return {
    kind: `lancedb ${base.uri}`,
    tables: createTables(base, reader),
    ...(base.local ? { generations } : {}),
    list: (signal) => listing.list(signal),
    open: (collection, signal) => reader.open(collection, signal),
    forget(collection) {
      reader.forget(collection);
      listing.forget();
    },
    async create(spec, signal) {
      signal.throwIfAborted();
      checkSpec(spec);
      toAnalyser(spec);
      return withLock(spec.name, async (lock) => {
        const place = await createTable(base, spec);
        reader.forget(spec.name);
        listing.forget();
        return write(place, lock);
      });
    },
    async openWriter(collection, signal) {
      signal.throwIfAborted();
      await checkThere(base, collection);
      return withLock(collection, async (lock) => write(await findPlace(base, collection), lock));
    },
    async drop(collection, signal) {
      signal.throwIfAborted();
      await checkThere(base, collection);
      await withLock(collection, async (lock) => {
        try {
          await removeAll(base, collection);
        } finally {
          reader.forget(collection);
          listing.forget();
        }
        await lock.release();
      });
    },
  };
}

/** Throws AppError collection_not_found before a lock is made for it; a damaged table is there. */
async function checkThere(base: LanceBase, collection: string): Promise<void> {
  checkName(collection);
  const place = await findPlace(base, collection);
  try {
    readSpec(await (await openTable(base, place)).schema(), collection);
  } catch (thrown) {
    const isOurs = base.local && (await readJournal(toPaths(base, place).journal)).last;
    if (isOurs === undefined || isOurs === false) throw toStoreError(thrown, collection);
  }
}

/** The generation that is read goes last but for the pointer to it. */
async function removeAll(base: LanceBase, collection: string): Promise<void> {
  const current = await findPlace(base, collection);
  for (const place of await listGenerations(base, collection)) {
    if (place.generation !== current.generation) await removeGeneration(base, place);
  }
  await removeGeneration(base, current);
  if (base.local) await rm(toPointerPath(base, collection), { force: true });
}

/** A lock file beside the tables where they are files of this machine, else a lease in the store. */
function acquire(base: LanceBase, collection: string): Promise<Lock> {
  return base.local ? acquireLocalLock(base, collection) : takeLease(base, collection);
}

async function takeLease(base: LanceBase, collection: string): Promise<Lock> {
  const lease = await acquireLease({ base, collection, leaseMs: base.config.storeLeaseMs });
  if (!lease.isTakenOver) return lease;
  try {
    const place = await findPlace(base, collection);
    if (await isThere(base, place)) await raiseFence(base, place);
    return lease;
  } catch (thrown) {
    // Given back, it would look as if nothing of its last holder could be under way.
    lease.abandon();
    throw toStoreError(thrown, collection);
  }
}

/** Makes the table of a new collection. What a crash left in its place is moved aside. */
async function createTable(base: LanceBase, spec: CollectionSpec): Promise<Place> {
  const place = toPlace(spec.name, 1);
  if (await isThere(base, await findPlace(base, spec.name))) {
    throw new AppError("invalid_request", { detail: `collection ${spec.name} exists already` });
  }
  const pointer = toPointerPath(base, spec.name);
  // Left by a drop that was cut off.
  if (base.local && existsSync(pointer)) await moveAside(pointer, toPaths(base, place).quarantine);
  await makeTable(base, place, spec);
  return place;
}
