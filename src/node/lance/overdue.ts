/** How long old versions of a collection stay, and whether there are some to clear up. */
import { stat } from "node:fs/promises";
import type { Table } from "@lancedb/lancedb";
import type { LanceBase } from "./base.ts";
import { type Place, toPaths } from "./place.ts";
import { listManifests } from "./recover.ts";

/** Old versions stay at least this long: no run that reads one lasts longer. */
export const GRACE_MS = 3_600_000;
/** Old statistics stay so long: whoever opens some reads them whole at once. Each is as large as the vocabulary. */
export const TERMS_GRACE_MS = 60_000;
/** What is so much older than it must be has a write clear up: not every one, while writes never cease. */
export const OVERDUE = 1.25;
interface Versions {
  readonly base: LanceBase;
  readonly place: Place;
  readonly table: Table;
}

/** Are there versions, of the rows and of their statistics, that are so many times as old as nobody reads them any more? */
export async function findOverdue({ base, place, table }: Versions, times: number) {
  const rowsBefore = new Date(Date.now() - times * GRACE_MS);
  if (!base.local) {
    const versions = await table.listVersions();
    const newest = Math.max(...versions.map(({ version }) => version));
    const isOld = versions.some(
      ({ version, timestamp }) => version < newest && timestamp < rowsBefore,
    );
    return { rows: isOld, terms: isOld };
  }
  const { folder, terms } = toPaths(base, place);
  const termsBefore = new Date(Date.now() - times * TERMS_GRACE_MS);
  return { rows: await hasOlder(folder, rowsBefore), terms: await hasOlder(terms, termsBefore) };
}

async function hasOlder(folder: string, before: Date): Promise<boolean> {
  // The oldest comes last.
  const [, ...older] = await listManifests(folder);
  const oldest = older.at(-1);
  return oldest !== undefined && (await stat(oldest.path)).mtime < before;
}
