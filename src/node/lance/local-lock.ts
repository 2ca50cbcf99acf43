/** The lock of a collection whose store is a folder: a file beside its tables. */
import { AppError } from "../../errors.ts";
import { isCode } from "../is-code.ts";
import { acquireLock, type Lock } from "../lock.ts";
import type { LanceBase } from "./base.ts";
import { toLockPath } from "./place.ts";
import { toStoreError } from "./store-error.ts";

/** Throws AppError: ingest_locked, store_full, store_unavailable. */
export async function acquireLocalLock(base: LanceBase, collection: string): Promise<Lock> {
  try {
    return await acquireLock(toLockPath(base, collection), `collection ${collection}`);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    if (isCode(thrown, "ENOSPC")) throw toStoreError(thrown, collection);
    throw new AppError("store_unavailable", {
      detail: "the store's folder cannot be written; check its permissions and free space",
      cause: thrown,
    });
  }
}
