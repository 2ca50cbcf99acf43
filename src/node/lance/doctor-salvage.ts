/** Brings what can be read of a table over into a new generation, where a file of its data cannot be read any more. */
import { existsSync } from "node:fs";
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { moveAside } from "../durable/files.ts";
import { appendJournal } from "../durable/journal.ts";
import { readPointer, writePointer } from "../durable/pointer.ts";
import { openTable } from "./base.ts";
import { mendTable } from "./doctor-mend.ts";
import { type Examination, type Opened, UNSEALED, verify } from "./examination.ts";
import { listGenerations, removeGeneration } from "./generations.ts";
import { type Place, toPaths, toPlace, toPointerPath } from "./place.ts";
import { toNewSchema } from "./schema.ts";
import { toStoreError } from "./store-error.ts";

/** Rows taken at once; where one of them cannot be read, each half is tried. */
const ROWS_AT_ONCE = 2_048;

interface Broken extends Opened {
  readonly place: Place;
}

/**
 * Returns whether readers are shown what could be read. Everything that was there is moved aside, not deleted.
 * Nothing is changed when the table can be read from end to end, is not the one that is shown, or holds no readable row.
 */
export async function salvageTable(examination: Examination, broken: Broken): Promise<boolean> {
  const { base, find } = examination;
  const { place, table, spec } = broken;
  const { collection } = place;
  if (!base.local) return false;
  const path = toPointerPath(base, collection);
  const pointer = await readPointer(path, collection);
  if (pointer.current !== place.generation || (await canBeRead(table))) return false;
  const all = await listGenerations(base, collection);
  const fresh = toPlace(collection, (all.at(-1)?.generation ?? place.generation) + 1);
  const target = await base.connection.createEmptyTable(fresh.table, toNewSchema(spec));
  const lost = await copyReadable(examination, table, target);
  const kept = await target.countRows();
  if (kept === 0 || !(await makeWhole(examination, fresh, spec))) {
    await removeGeneration(base, fresh);
    return false;
  }
  await appendJournal(toPaths(base, fresh).journal, { type: "ready", atMs: Date.now() });
  await writePointer(path, { ...pointer, current: fresh.generation });
  const { folder, terms, journal, quarantine } = toPaths(base, place);
  for (const old of [folder, terms, journal]) if (existsSync(old)) await moveAside(old, quarantine);
  find(
    "note",
    `${lost} chunks cannot be read any more, ${kept} were brought over: ingest the same documents again, which adds what is missing`,
  );
  return true;
}

async function canBeRead(table: Table): Promise<boolean> {
  try {
    for await (const _ of table.query()) continue;
    return true;
  } catch (thrown) {
    if (isDamage(thrown)) return false;
    throw thrown;
  }
}

/** Returns how many rows could not be read. */
async function copyReadable({ signal }: Examination, table: Table, target: Table): Promise<number> {
  let lost = 0;
  const copy = async (start: number, end: number): Promise<void> => {
    signal.throwIfAborted();
    const offsets = Array.from({ length: end - start }, (_, at) => start + at);
    try {
      await target.add(await table.takeOffsets(offsets).toArrow());
      return;
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
    }
    if (end - start === 1) {
      lost += 1;
      return;
    }
    const middle = Math.floor((start + end) / 2);
    await copy(start, middle);
    await copy(middle, end);
  };
  const rows = await table.countRows();
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    await copy(start, Math.min(rows, start + ROWS_AT_ONCE));
  }
  return lost;
}

/** A disk that is full or closed to us is not what is wrong with a row. */
function isDamage(thrown: unknown): boolean {
  return toStoreError(thrown, "").code === "collection_unavailable";
}

/** Takes out documents that are not whole, makes the indexes and seals all of it. Returns whether nothing is wrong then. */
async function makeWhole(
  examination: Examination,
  place: Place,
  spec: CollectionSpec,
): Promise<boolean> {
  const table = await openTable(examination.base, place);
  const damage = { ...UNSEALED, verified: await verify(examination, place, table, spec) };
  return (await mendTable(examination, { place, table, spec, damage })).length === 0;
}
