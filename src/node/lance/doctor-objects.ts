/** Examines a store on object storage: there are no files to compare with a journal, so that every row and index is read. */
import { AppError } from "../../errors.ts";
import type { LanceBase } from "./base.ts";
import { settle } from "./doctor-table.ts";
import { type Examination, openOwn, readWhole, UNSEALED } from "./examination.ts";
import { acquireLease, isLeased } from "./lease.ts";
import { listPlaces, type Place, toPlace } from "./place.ts";

/** Places of the tables that bear a collection's name. Throws AppError store_unavailable. */
export async function findTables(base: LanceBase): Promise<readonly Place[]> {
  try {
    return await listPlaces(base);
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail: "the store cannot be listed; check DATA_DIR and STORE_OPTIONS",
      cause: thrown,
    });
  }
}

/** Says what is wrong; with `fix` mends it under the collection's lease. Throws AppError when the table cannot be opened. */
export async function examineObjects(examination: Examination, collection: string): Promise<void> {
  const { base, fix, find } = examination;
  const place = toPlace(collection, 1);
  if (await isLeased(base, collection, Date.now())) {
    find("unexamined", "was not examined: it is being written by another process");
    return;
  }
  const leaseMs = base.config.storeLeaseMs;
  const lease = fix ? await acquireLease({ base, collection, leaseMs }) : undefined;
  try {
    const opened = await openOwn(examination, place);
    if (opened === undefined) return;
    const { verified, lines } = await readWhole(examination, place, opened);
    // What counts there is there: nothing has to be synced, so that there is no journal.
    await settle(examination, { place, ...opened, damage: { ...UNSEALED, verified } }, lines);
  } finally {
    await lease?.release();
  }
}
