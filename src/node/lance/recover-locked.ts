/** Recovery under the collection's lock, for readers that find a table they cannot open. */
import { AppError } from "../../errors.ts";
import { acquireLock } from "../files/lock.ts";
import type { LanceBase } from "./base.ts";
import { type Place, toLockPath } from "./place.ts";
import { recoverTable } from "./recover.ts";

/**
 * Brings the table back if nobody writes it. Returns a line for each thing that was wrong, none when nothing was
 * done. What stands in the way, a writer or a folder that may not be written, is no error of its own: the caller
 * says that the table cannot be opened.
 */
export async function recoverLocked(base: LanceBase, place: Place): Promise<readonly string[]> {
  if (!base.local) return [];
  try {
    const { collection } = place;
    const lock = await acquireLock(toLockPath(base, collection), `collection ${collection}`);
    try {
      return await recoverTable(base, place);
    } finally {
      await lock.release();
    }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (thrown instanceof AppError || code === "EACCES" || code === "EROFS" || code === "ENOSPC") {
      return [];
    }
    throw thrown;
  }
}
