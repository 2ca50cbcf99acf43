/** Examines a store on object storage: there are no files to compare with a journal, so that every row and index is read. */
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { NO_JOURNAL } from "../durable/journal.ts";
import { type LanceBase, openTable } from "./base.ts";
import { mendTable } from "./doctor-mend.ts";
import { type Examination, verify } from "./examination.ts";
import { acquireLease, isLeased } from "./lease.ts";
import { parsePlace, type Place, toPlace } from "./place.ts";
import { readSpec } from "./schema.ts";
import { toStoreError } from "./store-error.ts";

const TABLES_MAX = 10_000;
/** Places of the tables that bear a collection's name. Throws AppError store_unavailable. */
export async function findTables({ connection }: LanceBase): Promise<readonly Place[]> {
  try {
    const tables = await connection.tableNames({ limit: TABLES_MAX });
    return tables.map(parsePlace).filter((place): place is Place => place !== undefined);
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
    const opened = await open(examination, place);
    if (opened !== undefined) await examineTable(examination, { place, ...opened });
  } finally {
    await lease?.release();
  }
}

interface Opened {
  readonly table: Table;
  readonly spec: CollectionSpec;
}

/** Undefined for a table of another program, which is left alone. */
async function open({ base, find }: Examination, place: Place): Promise<Opened | undefined> {
  const table = await openTable(base, place);
  try {
    return { table, spec: readSpec(await table.schema(), place.collection) };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw toStoreError(thrown, place.collection);
    find("note", `${place.table} is a table of another program, or of another version`);
    return undefined;
  }
}

async function examineTable(
  examination: Examination,
  { place, table, spec }: Opened & { readonly place: Place },
): Promise<void> {
  const { fix, find, signal } = examination;
  let lines: readonly string[];
  let verified: Awaited<ReturnType<typeof verify>> | undefined;
  try {
    verified = await verify(examination, place, table, spec);
    lines = verified.lines;
  } catch (thrown) {
    signal.throwIfAborted();
    lines = [toStoreError(thrown, place.collection).detail ?? "it cannot be read"];
  }
  if (lines.length === 0) return;
  // What counts there is there: nothing has to be synced, so that there is no journal.
  const damage = { files: [], misplaced: [], hints: [], verified, journal: NO_JOURNAL };
  const left = fix ? await mendTable(examination, { place, table, spec, damage }) : lines;
  for (const line of lines) find(fix && left.length === 0 ? "mended" : "damaged", line);
  if (fix) for (const line of left) find("damaged", `after mending: ${line}`);
}
