/** Mends a table: what can be made again is made again, what cannot is marked for the next ingest, damaged files are moved aside. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { moveAside, type Seal, sealFile } from "../durable/files.ts";
import { writeJournal } from "../durable/journal.ts";
import { type Damage, type Examination, type Opened, verify } from "./examination.ts";
import { listTableFiles, syncFolders } from "./durability.ts";
import { toDocumentsSql } from "../../stores/lance/filter-sql.ts";
import { createTextIndex, needsVectorIndex } from "./indexer.ts";
import { type Place, toPaths } from "./place.ts";
import { readInfo } from "./snapshot.ts";
import { toStoreError } from "./store-error.ts";
import { saveTerms, toTermsName } from "./term-store.ts";
import { createVectorIndex } from "./vector-index.ts";
import { countTerms } from "./writer.ts";

export interface Mending extends Opened {
  readonly place: Place;
  readonly damage: Damage;
}

/** Returns what is still wrong; then damaged files stay where they are. */
export async function mendTable(
  examination: Examination,
  mending: Mending,
): Promise<readonly string[]> {
  const { base, find } = examination;
  const { place, table, spec, damage } = mending;
  try {
    await table.checkoutLatest();
    await mendRows(examination, mending);
    if (needsIndexes(mending)) await mendIndexes(examination, mending);
    // Files of damaged statistics went with their folder; what bears such a name now has just been made.
    const misplaced = damage.misplaced.filter((name) => !isOfTerms(place, name));
    for (const name of [...misplaced, ...damage.hints]) {
      const path = join(base.uri, name);
      if (existsSync(path)) await moveAside(path, toPaths(base, place).quarantine);
    }
    const { lines } = await verify(examination, place, table, spec);
    if (lines.length === 0) await writeSeals(examination, mending);
    return lines;
  } catch (thrown) {
    examination.signal.throwIfAborted();
    find(
      "note",
      "what cannot be mended comes back by restoring its folder, or by dropping it and ingesting it again",
    );
    return [toStoreError(thrown, place.collection).detail ?? "it cannot be read"];
  }
}

/** A hint or a journal alone is mended without touching what is whole. */
function needsIndexes({ damage }: Mending): boolean {
  const { files, verified } = damage;
  return files.length > 0 || verified === undefined || verified.lines.length > 0;
}

/** Documents with a damaged chunk go; where a damaged file may hold more than can be seen, all are marked. */
async function mendRows({ find }: Examination, { place, table, damage }: Mending): Promise<void> {
  const damaged = [...(damage.verified?.damaged ?? [])];
  if (damaged.length > 0) {
    await table.delete(toDocumentsSql(damaged));
    find("note", `${damaged.length} damaged documents were taken out: ingest them again`);
  }
  const prefix = `${place.table}.lance/`;
  if (damage.files.some((name) => /^(data|_deletions)\//.test(name.slice(prefix.length)))) {
    await table.update({ values: { documentHash: "" } });
    find(
      "note",
      "its documents were marked as changed: ingest them again, so that all of them are whole",
    );
  }
}

async function mendIndexes(examination: Examination, mending: Mending): Promise<void> {
  const { base, find, signal } = examination;
  const { place, table, spec } = mending;
  const rows = await table.countRows();
  if (rows > 0) await createTextIndex(table, spec);
  const trainedRows = (await needsVectorIndex(table, rows)) ? rows : 0;
  if (trainedRows > 0) {
    await createVectorIndex(table, rows);
  }
  if (base.local) await moveTerms(examination, mending);
  const counter = await countTerms(table, spec, signal);
  const at = { version: await table.version(), trainedRows, changedRows: 0 };
  await saveTerms(base.connection, place.table, await counter.toTable(at));
  find("note", "its indexes and statistics were made anew");
}

async function moveTerms({ base }: Examination, { place, damage }: Mending): Promise<void> {
  const { terms, quarantine } = toPaths(base, place);
  const hasTerms = damage.files.some((name) => isOfTerms(place, name));
  if (existsSync(terms) && (hasTerms || damage.verified === undefined)) {
    await moveAside(terms, quarantine);
  }
}

/** Is it a file of the term statistics? Names are relative to the store. */
function isOfTerms({ table }: Place, name: string): boolean {
  return name.startsWith(`${toTermsName(table)}.lance/`);
}

/** Everything is as it should be: the journal starts again from here. */
async function writeSeals(
  { base }: Examination,
  { place, table, spec, damage }: Mending,
): Promise<void> {
  if (!base.local) return;
  const files: Record<string, Seal> = {};
  for (const name of await listTableFiles(base, place)) {
    files[name] = await sealFile(join(base.uri, name), true);
  }
  await syncFolders(base, Object.keys(files));
  const { version, chunks, documents } = await readInfo(table, spec);
  const entry = { type: "version", version, chunks, documents, files } as const;
  await writeJournal(toPaths(base, place).journal, entry, damage.journal.readyAtMs);
}
