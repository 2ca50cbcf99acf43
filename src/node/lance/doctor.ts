/** Checks a store by reading every file of it, says what is wrong in a line each, and mends what can be mended. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError, toAppError } from "../../errors.ts";
import { moveAside } from "../durable/files.ts";
import { readJournal } from "../durable/journal.ts";
import { readPointer, writePointer } from "../durable/pointer.ts";
import { isFolder } from "../is-folder.ts";
import { acquireLock, inspectLock, type Lock, type LockState } from "../lock.ts";
import { connectLance, type LanceBase, type LanceOptions } from "./base.ts";
import type { Examination, Finding } from "./examination.ts";
import { examinePlace } from "./doctor-table.ts";
import { examineObjects, findTables } from "./doctor-objects.ts";
import { removeExpired } from "./generations.ts";
import { parsePlace, type Place, toLockPath, toPaths, toPlace, toPointerPath } from "./place.ts";
import { listManifests } from "./recover.ts";

export interface DoctorOptions {
  /** Mend what can be mended. Without it nothing is written. */
  readonly fix: boolean;
  /** Only this one. */
  readonly collection?: string | undefined;
}

const PARTS = /^(.+?)(?:\.terms)?\.(?:lance|journal|pointer|lock)$/;

/**
 * Findings of a store, none for one that is whole, and the collections that were looked at. A local store is
 * examined file by file, another one by reading its tables.
 * Throws AppError: not_found for a place that holds no store or not this collection, store_unavailable.
 */
export async function examineStore(
  options: LanceOptions,
  { fix, collection }: DoctorOptions,
  signal: AbortSignal,
): Promise<{ readonly collections: readonly string[]; readonly findings: readonly Finding[] }> {
  const isLocal = isFolder(options.uri);
  const base = isLocal ? undefined : await connectLance(options);
  const places = base === undefined ? await findPlaces(options.uri) : await findTables(base);
  const names = [...new Set(places.map((place) => place.collection))].toSorted();
  const wanted = collection === undefined ? names : names.filter((name) => name === collection);
  if (wanted.length === 0) {
    const what = collection === undefined ? "no store" : `no collection ${collection}`;
    const detail = `there is ${what} in ${isLocal ? resolve(options.uri) : options.uri}; check DATA_DIR`;
    throw new AppError("not_found", { detail });
  }
  const connected = base ?? (await connectLance(options));
  const findings: Finding[] = [];
  for (const name of wanted) {
    const find = (state: Finding["state"], what: string): void =>
      void findings.push({ collection: name, state, what });
    const own = places.filter((place) => place.collection === name);
    const examination: Examination = { base: connected, fix, signal, find };
    try {
      if (isLocal) await examineCollection(examination, name, own);
      else await examineObjects(examination, name);
    } catch (thrown) {
      signal.throwIfAborted();
      find("damaged", `could not be examined: ${describe(thrown)}`);
    }
  }
  return { collections: wanted, findings };
}

/** One generation for each name that a file of a collection bears. */
async function findPlaces(uri: string): Promise<readonly Place[]> {
  const names = existsSync(uri) ? await readdir(uri) : [];
  const tables = new Set(names.map((name) => PARTS.exec(name)?.[1] ?? ""));
  return [...tables]
    .map(parsePlace)
    .filter((place): place is Place => place !== undefined)
    .toSorted((one, other) => one.generation - other.generation);
}

async function examineCollection(
  examination: Examination,
  collection: string,
  places: readonly Place[],
): Promise<void> {
  const { base, fix, find } = examination;
  const state = await inspectLock(toLockPath(base, collection));
  if (state === "held" || state === "newer") {
    const who = state === "held" ? "another process" : "a newer version of the program";
    find("note", `is being written by ${who} and was not examined`);
    return;
  }
  const lock = fix ? await takeLock(base, collection) : undefined;
  try {
    if (state !== "absent") sayLock(examination, state);
    const current = await examinePointer(examination, collection, places);
    if (current === undefined) return;
    for (const place of places) await examineGeneration(examination, place, current);
    if (fix) {
      for (const table of await removeExpired(base, collection)) {
        find("mended", `${table} was replaced long ago and is gone now`);
      }
    }
  } finally {
    await lock?.release();
  }
}

function takeLock(base: LanceBase, collection: string): Promise<Lock> {
  return acquireLock(toLockPath(base, collection), `collection ${collection}`);
}

function sayLock({ fix, find }: Examination, state: LockState): void {
  const what = state === "stale" ? "of a process that is gone" : "that cannot be read";
  find(fix ? "mended" : "damaged", `there was a lock file ${what}; the next writer takes it over`);
}

/** The generation that is read; undefined when that cannot be told. */
async function examinePointer(
  { base, fix, find }: Examination,
  collection: string,
  places: readonly Place[],
): Promise<number | undefined> {
  const path = toPointerPath(base, collection);
  let current: number | undefined;
  let what: string;
  try {
    ({ current } = await readPointer(path, collection));
    const { folder } = toPaths(base, toPlace(collection, current));
    if (existsSync(folder)) return current;
    what = `its pointer names generation ${current}, which is not there`;
  } catch (thrown) {
    what = describe(thrown);
    if (/newer version/.test(what)) {
      find("damaged", what);
      return undefined;
    }
  }
  const last = await findLastShown(base, places);
  find(fix && last !== undefined ? "mended" : "damaged", what);
  if (last === undefined || !fix) return last?.generation ?? current;
  if (existsSync(path)) await moveAside(path, toPaths(base, last).quarantine);
  if (last.generation > 1) await writePointer(path, { current: last.generation });
  find("mended", `its pointer names generation ${last.generation} again, as the journal says`);
  return last.generation;
}

/** By the journals; a collection that was never built anew has one generation. */
async function findLastShown(
  base: LanceBase,
  places: readonly Place[],
): Promise<Place | undefined> {
  const there = places.filter((place) => existsSync(toPaths(base, place).folder));
  let last: { readonly place: Place; readonly atMs: number } | undefined;
  for (const place of there) {
    const { readyAtMs } = await readJournal(toPaths(base, place).journal);
    const atMs = readyAtMs ?? (place.generation === 1 ? 0 : -1);
    if (atMs >= 0 && (last === undefined || atMs > last.atMs)) last = { place, atMs };
  }
  return last?.place;
}

async function examineGeneration(
  examination: Examination,
  place: Place,
  current: number,
): Promise<void> {
  const { base, fix, find } = examination;
  const { folder, journal, quarantine } = toPaths(base, place);
  if ((await listManifests(folder)).length === 0) {
    if (!existsSync(folder) && !existsSync(journal)) return;
    find(
      fix ? "mended" : "damaged",
      `${place.table} is the shell that a crash in its creation left`,
    );
    if (!fix) return;
    for (const path of [folder, journal]) if (existsSync(path)) await moveAside(path, quarantine);
    return;
  }
  const { readyAtMs } = await readJournal(journal);
  if (place.generation > current && readyAtMs === undefined) {
    find("note", `${place.table} was begun and not finished; the next ingest goes on with it`);
  }
  try {
    await examinePlace(examination, place);
  } catch (thrown) {
    examination.signal.throwIfAborted();
    find("damaged", `${place.table}: ${describe(thrown)}`);
  }
}

/** Our own words only: those of the library hold paths. */
function describe(thrown: unknown): string {
  const error = toAppError(thrown);
  if (error.code !== "internal") return error.detail ?? error.code;
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === undefined) throw thrown;
  return `a file cannot be read (${code})`;
}
