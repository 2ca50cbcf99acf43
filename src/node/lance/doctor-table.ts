/** Examines and mends one table: journal, seals of its files, rows, indexes, term statistics. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Table } from "@lancedb/lancedb";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { type Seal, sealFile } from "../durable/files.ts";
import { type Journal, readJournal } from "../durable/journal.ts";
import { openTable } from "./base.ts";
import { HINT } from "./durability.ts";
import { type Damage, type Examination, verify } from "./examination.ts";
import { type Mending, mendTable } from "./doctor-mend.ts";
import { salvageTable } from "./doctor-salvage.ts";
import { type Place, toPaths } from "./place.ts";
import { listManifests, recoverTable } from "./recover.ts";
import { readSpec } from "./schema.ts";
import { toStoreError } from "./store-error.ts";
import type { Verified } from "./verify.ts";

/** Files listed of one kind. */
const EXAMPLES_MAX = 10;

/**
 * Says what is wrong; with `fix` mends it and looks again. Returns what the table was built with, undefined for one of
 * another program or version. Throws AppError when the table cannot be opened.
 */
export async function examinePlace(
  examination: Examination,
  place: Place,
): Promise<CollectionSpec | undefined> {
  const { base, fix, find } = examination;
  const journal = await readJournal(toPaths(base, place).journal);
  if (journal.state === "newer") {
    find("damaged", "its journal was written by a newer version of the program");
    return undefined;
  }
  const files = await checkSeals(examination, journal);
  if (fix) for (const line of await recoverTable(base, place)) find("mended", line);
  const misplaced = files.filter((name) => existsSync(join(base.uri, name)));
  const hints = await checkHints(examination, place);
  const isUnsynced = journal.state === "absent" && !base.config.storeSync;
  if (isUnsynced) find("note", "STORE_SYNC is off: without a journal only what is read is checked");
  const ofJournal = isUnsynced ? [] : toJournalLines(journal);
  const lines = [...ofJournal, ...toFileLines([...files, ...hints])];
  const opened = await open(examination, place).catch((thrown: unknown) => {
    // What is known of its files says more than that it cannot be opened.
    for (const line of lines) find("damaged", line);
    throw thrown;
  });
  if (opened === undefined) return undefined;
  const { table, spec } = opened;
  let verified: Verified | undefined;
  try {
    verified = await verify(examination, place, table, spec);
    lines.push(...verified.lines);
  } catch (thrown) {
    examination.signal.throwIfAborted();
    lines.push(toStoreError(thrown, place.collection).detail ?? "it cannot be read");
  }
  const damage: Damage = { files, misplaced, hints, verified, journal };
  if (!fix) for (const line of lines) find("damaged", line);
  else if (lines.length > 0) await mend(examination, { place, table, spec, damage }, lines);
  return spec;
}

/** `lines` is what was found. */
async function mend(
  examination: Examination,
  mending: Mending,
  lines: readonly string[],
): Promise<void> {
  const isSaved =
    mending.damage.verified === undefined && (await salvageTable(examination, mending));
  const left = isSaved ? [] : await mendTable(examination, mending);
  for (const line of lines) examination.find(left.length === 0 ? "mended" : "damaged", line);
  for (const line of left) examination.find("damaged", `after mending: ${line}`);
}

/** Also `undefined` for a table of another program, which is left alone. */
async function open(
  { base, find }: Examination,
  place: Place,
): Promise<{ readonly table: Table; readonly spec: CollectionSpec } | undefined> {
  const table = await openTable(base, place);
  try {
    return { table, spec: readSpec(await table.schema(), place.collection) };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    find("note", `${place.table}.lance is a table of another program, or of another version`);
    return undefined;
  }
}

/** Files that are gone or are not what they were when they were acknowledged. */
async function checkSeals({ base, signal }: Examination, journal: Journal): Promise<string[]> {
  const damaged: string[] = [];
  for (const [name, seal] of journal.files) {
    signal.throwIfAborted();
    const path = join(base.uri, name);
    // A cleanup that was cut off has taken away what nothing refers to; that is found by reading.
    if (!existsSync(path)) {
      if (!journal.cleaning) damaged.push(name);
    } else if (!isSame(await sealFile(path, false), seal)) {
      damaged.push(name);
    }
  }
  return damaged;
}

/** The one file that is written over has no seal: it must name the newest version. */
async function checkHints({ base }: Examination, place: Place): Promise<readonly string[]> {
  const { folder, terms } = toPaths(base, place);
  const wrong: string[] = [];
  for (const path of [folder, terms]) {
    const [newest] = await listManifests(path);
    const hint = join(path, "_versions", HINT);
    if (newest === undefined || !existsSync(hint)) continue;
    // Compared as text: also a changed blank is a changed bit.
    const expected = JSON.stringify({ version: newest.version });
    if ((await readFile(hint, "latin1")) !== expected) {
      wrong.push(hint.slice(join(base.uri, "x").length - 1));
    }
  }
  return wrong;
}

function isSame(one: Seal, other: Seal): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

function toJournalLines({ state, last }: Journal): readonly string[] {
  if (state === "cut") return ["its journal ends in the middle of a line, as a crash leaves it"];
  if (state === "broken") return ["its journal has lines that are not what was written"];
  if (last === undefined)
    return ["it has no journal, so that its files cannot be told from damaged ones"];
  return [];
}

function toFileLines(files: readonly string[]): readonly string[] {
  const lines = files
    .slice(0, EXAMPLES_MAX)
    .map((name) => `the file ${name} is not what was written`);
  const more = files.length - lines.length;
  return more > 0 ? [...lines, `${more} more files are not what was written`] : lines;
}
