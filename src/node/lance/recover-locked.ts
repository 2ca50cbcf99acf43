/** Recovery under the collection's lock, for readers that find a table they cannot open. */
import { AppError } from "../../errors.ts";
import { toWriteError } from "../files/write-error.ts";
import type { LanceBase } from "./base.ts";
import { acquireLocalLock } from "./local-lock.ts";
import type { Place } from "./place.ts";
import { recoverTable } from "./recover.ts";

/**
 * Brings the table back if nobody writes it. Returns a line for each thing that was wrong, none when nothing was
 * done. What stands in the way, a writer or a folder that may not be written, is no error of its own: the caller
 * says that the table cannot be opened.
 */
export async function recoverLocked(base: LanceBase, place: Place): Promise<readonly string[]> {
  if (!base.local) return [];
  try {
    const lock = await acquireLocalLock(base, place.collection);
    try {
      return await recoverTable(base, place);
    } finally {
      await lock.release();
    }
  } catch (thrown) {
    if (thrown instanceof AppError || toWriteError(thrown) !== undefined) return [];
    throw thrown;
  }
}
