/** Examines and mends one table: journal, seals of its files, rows, indexes, term statistics. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { CollectionSpec } from "../../domain/collection.ts";
import { isSealed } from "../durable/files.ts";
import { type Journal, readJournal } from "../durable/journal.ts";
import { countOf } from "../../text/count-of.ts";
import { HINT } from "./durability.ts";
import { type Damage, type Examination, openOwn, readWhole } from "./examination.ts";
import { type Mending, mendTable } from "./doctor-mend.ts";
import { salvageTable } from "./doctor-salvage.ts";
import { type Place, toPaths } from "./place.ts";
import { listManifests, recoverTable } from "./recover.ts";

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
  const opened = await openOwn(examination, place).catch((thrown: unknown) => {
    // What is known of its files says more than that it cannot be opened.
    for (const line of lines) find("damaged", line);
    throw thrown;
  });
  if (opened === undefined) {
    // What was sealed here is ours, also where damage has hidden it.
    for (const line of toFileLines(files)) find("damaged", line);
    return undefined;
  }
  const read = await readWhole(examination, place, opened);
  const damage: Damage = { files, misplaced, hints, verified: read.verified, journal };
  await settle(examination, { place, ...opened, damage }, [...lines, ...read.lines]);
  return opened.spec;
}

/** Says what was found, the lines, and with `fix` mends it first. */
export async function settle(
  examination: Examination,
  mending: Mending,
  lines: readonly string[],
): Promise<void> {
  const { fix, find } = examination;
  if (lines.length === 0) return;
  if (!fix) {
    for (const line of lines) find("damaged", line);
    return;
  }
  const isSaved =
    mending.damage.verified === undefined && (await salvageTable(examination, mending));
  const left = isSaved ? [] : await mendTable(examination, mending);
  for (const line of lines) find(left.length === 0 ? "mended" : "damaged", line);
  for (const line of left) find("damaged", `after mending: ${line}`);
}

/** Files that are gone or are not what they were when they were acknowledged. */
async function checkSeals(
  { base, signal, onStep }: Examination,
  journal: Journal,
): Promise<string[]> {
  const damaged: string[] = [];
  if (journal.files.size > 0) onStep(`comparing ${countOf(journal.files.size, "file")}`);
  for (const [name, seal] of journal.files) {
    signal.throwIfAborted();
    const path = join(base.uri, name);
    // A cleanup that was cut off has taken away what nothing refers to; that is found by reading.
    if (!existsSync(path)) {
      if (!journal.cleaning) damaged.push(name);
    } else if (!(await isSealed(path, seal))) {
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
    if ((await readFile(hint, "latin1")) !== expected) wrong.push(relative(base.uri, hint));
  }
  return wrong;
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
