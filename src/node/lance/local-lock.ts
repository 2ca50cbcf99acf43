/** The lock of a collection whose store is a folder: a file beside its tables. */
import { AppError } from "../../errors.ts";
import { acquireLock, type Lock } from "../files/lock.ts";
import type { LanceBase } from "./base.ts";
import { toLockPath } from "./place.ts";
import { toWriteError } from "../files/write-error.ts";

/** Throws AppError: ingest_locked, store_full, store_read_only, store_unavailable. */
export async function acquireLocalLock(base: LanceBase, collection: string): Promise<Lock> {
  try {
    return await acquireLock(toLockPath(base, collection), `collection ${collection}`);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const detail = "the lock of the collection cannot be made in the store's folder; try again";
    throw toWriteError(thrown) ?? new AppError("store_unavailable", { detail, cause: thrown });
  }
}
