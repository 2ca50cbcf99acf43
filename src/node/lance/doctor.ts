/** Checks a store by reading every file of it, says what is wrong in a line each, and mends what can be mended. */
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { CollectionSpec } from "../../domain/collection.ts";
import { toEmbedderAdvice } from "../../domain/embedder-name.ts";
import { AppError, toAppError } from "../../errors.ts";
import { moveAside } from "../durable/files.ts";
import { readJournal } from "../durable/journal.ts";
import { inSpan } from "../../telemetry/in-span.ts";
import { noTracer, type Tracer } from "../../telemetry/tracer.ts";
import { isFolder } from "../files/is-folder.ts";
import { inspectLock } from "../files/lock.ts";
import { connectLance, type LanceBase, type LanceOptions } from "./base.ts";
import { type BuiltWith, countDamaged, type Examination, type Finding } from "./examination.ts";
import { examinePlace } from "./doctor-table.ts";
import { examineObjects, findTables } from "./doctor-objects.ts";
import { findPlaces, inspectShell } from "./doctor-places.ts";
import { examinePointer } from "./doctor-pointer.ts";
import { removeExpired } from "./generations.ts";
import { acquireLocalLock } from "./local-lock.ts";
import { type Place, toLockPath, toPaths } from "./place.ts";
import { listManifests } from "./recover.ts";

export interface DoctorOptions {
  /** Mend what can be mended. Without it nothing is written. */
  readonly fix: boolean;
  /** Only this one. */
  readonly collection?: string | undefined;
  /** Absent: what collections were built with is compared with nothing. */
  readonly builtWith?: BuiltWith;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
  /** Told what is looked at next in which collection. */
  readonly onStep?: (collection: string, step: string) => void;
}

/**
 * Findings of a store, none for one that is whole, and the collections that were looked at. A local store is
 * examined file by file, another one by reading its tables.
 * Throws AppError: not_found for a place that holds no store or not this collection, store_unavailable.
 */
export async function examineStore(
  options: LanceOptions,
  { fix, collection, builtWith, tracer = noTracer, onStep = () => {} }: DoctorOptions,
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
    const own = places.filter((place) => place.collection === name);
    const attributes = { "tributary.collection": name };
    await inSpan(tracer, "examine", { attributes }, async (span) => {
      const context = { base: connected, fix, signal, builtWith };
      const found = await examineOne(
        { ...context, onStep: (step) => onStep(name, step) },
        name,
        own,
      );
      span.set({ "tributary.damaged": countDamaged(found) });
      findings.push(...found);
    });
  }
  return { collections: wanted, findings };
}

/** What could not be examined to its end is a finding of its own. */
async function examineOne(
  context: Omit<Examination, "find">,
  collection: string,
  places: readonly Place[],
): Promise<readonly Finding[]> {
  const { base, signal } = context;
  const findings: Finding[] = [];
  const find: Examination["find"] = (state, what) =>
    void findings.push({ collection, state, what });
  try {
    if (base.local) await examineCollection({ ...context, find }, collection, places);
    else await examineObjects({ ...context, find }, collection);
  } catch (thrown) {
    signal.throwIfAborted();
    find("damaged", `could not be examined: ${describe(thrown, base)}`);
  }
  return findings;
}

async function examineCollection(
  examination: Examination,
  collection: string,
  places: readonly Place[],
): Promise<void> {
  const { base, fix, find } = examination;
  const held = await inspectLock(toLockPath(base, collection), `collection ${collection}`);
  if (held.state === "held") {
    find("unexamined", `was not examined: ${describe(held.why, base)}`);
    return;
  }
  const lock = fix ? await acquireLocalLock(base, collection) : undefined;
  try {
    if (held.state !== "absent") sayLock(examination, held.state);
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

function sayLock({ fix, find }: Examination, state: "stale" | "unreadable"): void {
  const what = state === "stale" ? "of a process that is gone" : "that cannot be read";
  find(fix ? "mended" : "damaged", `there was a lock file ${what}; the next writer takes it over`);
}

async function examineGeneration(
  examination: Examination,
  place: Place,
  current: number,
): Promise<void> {
  const { base, find } = examination;
  const { folder, journal } = toPaths(base, place);
  if ((await listManifests(folder)).length === 0) return examineShell(examination, place);
  const { readyAtMs } = await readJournal(journal);
  if (place.generation > current && readyAtMs === undefined) {
    find("note", `${place.table} was begun and not finished; the next ingest goes on with it`);
  }
  // What is said of a generation that is not read must not sound as if it were of the one that is.
  const which = place.generation === current ? "" : `${place.table}: `;
  const named: Examination = { ...examination, find: (state, what) => find(state, which + what) };
  try {
    const spec = await examinePlace(named, place);
    if (spec !== undefined && place.generation === current) sayBuiltWith(examination, spec);
  } catch (thrown) {
    examination.signal.throwIfAborted();
    named.find("damaged", describe(thrown, base));
  }
}

/** No damage: it is the settings that have changed. */
function sayBuiltWith({ builtWith, find }: Examination, spec: CollectionSpec): void {
  if (builtWith === undefined) return;
  if (!builtWith.embedders.has(spec.embedder)) {
    find(
      "note",
      `was built with the embedder ${spec.embedder}, which is not at hand: it is searched by keyword only; ${toEmbedderAdvice(spec.embedder, builtWith.embedders)}, or ingest again, which builds it anew`,
    );
  }
  if (builtWith.chunker !== spec.chunker) {
    find(
      "note",
      `was cut by the chunker ${spec.chunker}, this version cuts with ${builtWith.chunker}: the next ingest builds it anew`,
    );
  }
}

async function examineShell({ base, fix, find }: Examination, place: Place): Promise<void> {
  const shell = await inspectShell(base, place);
  if (shell === "nothing") return;
  if (shell === "foreign")
    return find("note", `${place.table}.lance is a folder of another program`);
  find(fix ? "mended" : "damaged", `${place.table} is the shell that a crash in its creation left`);
  if (!fix) return;
  const { folder, journal, quarantine } = toPaths(base, place);
  for (const path of [folder, journal]) if (existsSync(path)) await moveAside(path, quarantine);
}

/** Our own words only: those of the library hold paths. */
function describe(thrown: unknown, { uri }: Pick<LanceBase, "uri">): string {
  const error = toAppError(thrown);
  if (error.code !== "internal") return error.detail ?? error.code;
  const { code, path } = thrown as NodeJS.ErrnoException;
  if (code === undefined) throw thrown;
  const what = path === undefined ? "a file" : `the file ${relative(uri, path)}`;
  return `${what} cannot be used (${code}); check its permissions`;
}
