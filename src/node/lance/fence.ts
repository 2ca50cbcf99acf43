/** Keeps a writer that has lost its lease from committing: what it has begun cannot land any more. */
import { type LanceBase, openTable } from "./base.ts";
import { NEVER } from "../../async/never.ts";
import type { Place } from "./place.ts";
import { retryConflicts } from "./retry-conflicts.ts";

/**
 * Commits the newest version once more, as a restoration of itself. The store takes no commit that was begun on an
 * older version across a restoration, and one that is begun on a newer version asks the lease first.
 * Throws AppError as opening the table does.
 */
export async function raiseFence(base: LanceBase, place: Place): Promise<void> {
  const table = await openTable(base, place);
  const { collection } = place;
  await retryConflicts({ clock: base.clock, table, collection, signal: NEVER }, async () => {
    await table.checkout(await table.version());
    await table.restore();
  });
}
