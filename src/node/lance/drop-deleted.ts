/** Has what was deleted leave the files: rows that are only marked as deleted stay in them, with their texts. */
import type { Table } from "@lancedb/lancedb";
import * as z from "zod";
import { toLiteral } from "../../stores/lance/filter-sql.ts";

const Row = z.object({ id: z.string(), documentHash: z.string() });

/**
 * Has the next merging write the table's files anew without the rows that are marked as deleted; false: there are none.
 * LanceDB does so of its own accord only where a tenth of a file is deleted, or where it merges files: hence one row is
 * written as it is into a file of its own. Files are merged when each index holds the rows of both in one piece. A file
 * of more than a million rows, which LanceDB never merges, stays as it is.
 */
export async function dropDeleted(table: Table): Promise<boolean> {
  if (!(await hasDeleted(table))) return false;
  const found: unknown[] = await table.query().select(["id", "documentHash"]).limit(1).toArray();
  if (found.length === 0) return false;
  const { id, documentHash } = Row.parse(found[0]);
  await table.update({ where: `id = ${toLiteral(id)}`, values: { documentHash } });
  return true;
}

/** Are rows of the newest version marked as deleted? */
export async function hasDeleted(table: Table): Promise<boolean> {
  const version = await table.version();
  const newest = (await table.listVersions()).find((one) => one.version === version);
  return Number(newest?.metadata["total_deletion_file_rows"] ?? 0) > 0;
}
