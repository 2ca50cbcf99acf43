/** The store on LanceDB: one table a collection, in a local folder, on object storage, or on a LanceDB server. */
import { hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkName, checkSpec } from "../../stores/check.ts";
import type { CollectionWriter, WriteStore } from "../../stores/store.ts";
import { acquireLock, type Lock } from "../lock.ts";
import { toAnalyser } from "./analyser.ts";
import { connectLance, type LanceBase, type LanceOptions, openTable } from "./base.ts";
import { createListing } from "./listing.ts";
import { createReader } from "./reader.ts";
import { toSchema } from "./schema.ts";
import { isMissing, toStoreError } from "./store-error.ts";
import { toTermsName } from "./term-store.ts";
import { createWriter } from "./writer.ts";

/**
 * Opens the store; make one a process, because the number of native calls at once and the cache are bounded a store.
 * Throws AppError store_unavailable when the place cannot be used.
 */
export async function createLanceStore(options: LanceOptions): Promise<WriteStore> {
  const base = await connectLance(options);
  const reader = createReader(base);
  const listing = createListing(base, reader);
  const write = async (collection: string, lock: Lock, table: Table): Promise<CollectionWriter> =>
    createWriter({ base, table, lock, onChange: () => reader.forget(collection) });

  return {
    kind: `lancedb ${base.uri}`,
    list: (signal) => listing.list(signal),
    open: (collection, signal) => reader.open(collection, signal),
    async create(spec, signal) {
      signal.throwIfAborted();
      checkSpec(spec);
      toAnalyser(spec);
      return withLock(base, spec.name, async (lock) => {
        const table = await createTable(base, spec);
        reader.forget(spec.name);
        listing.forget();
        return write(spec.name, lock, table);
      });
    },
    async openWriter(collection, signal) {
      signal.throwIfAborted();
      checkName(collection);
      await openTable(base, collection);
      return withLock(base, collection, async (lock) =>
        write(collection, lock, await openTable(base, collection)),
      );
    },
    async drop(collection, signal) {
      signal.throwIfAborted();
      checkName(collection);
      await openTable(base, collection);
      const lock = await acquire(base, collection);
      try {
        await dropTable(base, toTermsName(collection));
        await dropTable(base, collection);
      } catch (thrown) {
        throw toStoreError(thrown, collection);
      } finally {
        reader.forget(collection);
        listing.forget();
        await lock.release();
      }
    },
  };
}

/** The lock is handed on to the writer, or released when there is none. */
async function withLock(
  base: LanceBase,
  collection: string,
  work: (lock: Lock) => Promise<CollectionWriter>,
): Promise<CollectionWriter> {
  const lock = await acquire(base, collection);
  try {
    return await work(lock);
  } catch (thrown) {
    await lock.release();
    throw toStoreError(thrown, collection);
  }
}

/** Beside the tables where they are files of this machine; else in its folder for temporary files, so that at least one machine has one writer. */
async function acquire(base: LanceBase, collection: string): Promise<Lock> {
  const folder = base.local
    ? base.uri
    : join(tmpdir(), "tributary-locks", hash("sha256", base.uri, "hex").slice(0, 16));
  try {
    return await acquireLock(join(folder, `${collection}.lock`), `collection ${collection}`);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("store_unavailable", {
      detail: "the store's folder cannot be written; check its permissions and free space",
      cause: thrown,
    });
  }
}

async function createTable(base: LanceBase, spec: CollectionSpec): Promise<Table> {
  try {
    await openTable(base, spec.name);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "collection_not_found") throw thrown;
    // What is there now, if anything, is the shell of a creation that was cut off, or statistics nobody owns.
    if (base.local)
      await rm(join(base.uri, `${spec.name}.lance`), { recursive: true, force: true });
    await dropTable(base, toTermsName(spec.name));
    return base.connection.createEmptyTable(spec.name, toSchema(spec));
  }
  throw new AppError("invalid_request", { detail: `collection ${spec.name} exists already` });
}

async function dropTable({ connection }: LanceBase, name: string): Promise<void> {
  try {
    await connection.dropTable(name);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}
