/** Runs that are over, as files in a folder, so that they outlive the process: one file a run, oldest out first. */
import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pMap from "p-map";
import * as z from "zod";
import { type Clock, systemClock } from "../../async/clock.ts";
import { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import {
  type ArchiveLimits,
  type Found,
  type RunArchive,
  type StoredRun,
  toScopedKey,
} from "../../http/runs/archive.ts";
import type { Log } from "../../telemetry/log.ts";
import { createDiskTurns, type DiskTurns } from "./disk-turns.ts";
import { ifFound } from "./is-code.ts";
import { makeFolder } from "./make-folder.ts";

const Stored = z.object({
  id: z.string(),
  callerId: z.string(),
  key: z.object({ name: z.string(), fingerprint: z.string() }).optional(),
  events: z.array(RunEvent),
});

/** What is known of a run's file without reading it. */
interface Entry {
  readonly bytes: number;
  readonly endedMs: number;
}

const SUFFIX = ".run.json";
const EXPIRED_SUFFIX = ".expired";
/** What is being written. */
const NEW_SUFFIX = ".new";
/** Nobody writes for so long: whoever began it was killed. */
const NEW_MS_MAX = 60_000;
const STAT_CONCURRENCY = 8;
/** Runs that go in one turn: behind an idle night all of them are too old at once, and who asks does not wait for that. */
const EXPIRED_AT_ONCE = 8;
/** Ids are ours; a caller's never becomes part of a path. */
const RUN_ID = /^[\w-]{1,64}$/;

/**
 * Opens the folder, and makes it where it is missing. Of runs that went, an empty mark with their caller stays, as
 * many as runs are kept. Times are those of the files. Several processes may share the folder: each finds the runs
 * of all, and counts those it has put or found there. A disk that hangs holds up nobody for long: what would be put
 * is not kept, and what is looked for is store_unavailable. Throws AppError store_unavailable.
 */
export async function createFileArchive(
  folder: string,
  limits: ArchiveLimits,
  log: Log,
  clock: Clock = systemClock,
): Promise<RunArchive> {
  const entries = await open(folder);
  const marks = await openMarks(folder, limits.runsMax, log);
  const turns = createDiskTurns({ clock, toError: toHung });
  const shelf = createShelf(entries, { folder, limits, turns, marks, log });

  const write = async (run: StoredRun): Promise<void> => {
    const text = JSON.stringify(run);
    await replace(toFile(folder, run.id), text);
    // It counts from here on, whatever becomes of its key.
    shelf.add(run.id, { bytes: Buffer.byteLength(text), endedMs: Date.now() });
    if (run.key !== undefined) await replace(toKeyFile(folder, run.callerId, run.key.name), run.id);
    await shelf.makeRoom();
  };
  const read = (id: string) => readRun(folder, id, log);

  return {
    async put(run) {
      try {
        await turns.change(() => write(run));
      } catch (thrown) {
        log.error("run-not-kept", thrown, { runId: run.id });
      }
    },
    async find(id): Promise<Found> {
      if (!RUN_ID.test(id)) return { status: "unknown" };
      await turns.change(() => shelf.learn(id).then(shelf.makeRoom));
      return turns.read(async () => {
        const run = shelf.has(id) ? await read(id) : undefined;
        return run === undefined ? marks.find(id) : { status: "kept", run };
      });
    },
    async findByKey(callerId, name) {
      const id = await turns.read(() => readIfThere(toKeyFile(folder, callerId, name)));
      if (id === undefined) return undefined;
      await turns.change(() => shelf.learn(id));
      return shelf.has(id) ? turns.read(() => read(id)) : undefined;
    },
  };
}

interface ShelfDeps {
  readonly folder: string;
  readonly limits: ArchiveLimits;
  readonly turns: DiskTurns;
  readonly marks: Awaited<ReturnType<typeof openMarks>>;
  readonly log: Log;
}

/** The runs that count, the oldest first. All but `has` belongs in the turn of a change. */
function createShelf(
  entries: Map<string, Entry>,
  { folder, limits: { runsMax, bytesMax, ageMsMax }, turns, marks, log }: ShelfDeps,
) {
  let bytes = [...entries.values()].reduce((sum, entry) => sum + entry.bytes, 0);
  let isGoingOn = false;

  const isOld = ({ endedMs }: Entry): boolean => Date.now() - endedMs > ageMsMax;
  const add = (id: string, entry: Entry): void => {
    entries.set(id, entry);
    bytes += entry.bytes;
  };
  const expire = async (id: string, entry: Entry): Promise<void> => {
    const run = await readRun(folder, id, log);
    entries.delete(id);
    bytes -= entry.bytes;
    if (run !== undefined) await removeKey(folder, run);
    await marks.leave(id, run);
    await rm(toFile(folder, id), { force: true });
  };
  const makeRoom = async (): Promise<void> => {
    for (let count = 0; count < EXPIRED_AT_ONCE; count += 1) {
      const [oldest] = entries;
      if (oldest === undefined) return;
      const [id, entry] = oldest;
      if (!isOld(entry) && entries.size <= runsMax && bytes <= bytesMax) return;
      await expire(id, entry);
    }
    if (!isGoingOn) void goOn();
  };
  /** In another turn, behind those who wait. */
  const goOn = async (): Promise<void> => {
    isGoingOn = true;
    try {
      await turns.change(async () => {
        isGoingOn = false;
        await makeRoom();
      });
    } catch (thrown) {
      isGoingOn = false;
      log.error("runs-not-removed", thrown);
    }
  };
  return {
    add,
    makeRoom,
    has: (id: string) => entries.has(id),
    /** Looks for a run that may be of another process, and lets it go when it is too old, whatever lies before it. */
    async learn(id: string): Promise<void> {
      const known = entries.get(id);
      const entry = known ?? (await statIfThere(toFile(folder, id)));
      if (entry === undefined) return;
      if (known === undefined) add(id, entry);
      if (isOld(entry)) await expire(id, entry);
    },
  };
}

function toHung(): AppError {
  return new AppError("store_unavailable", {
    detail: "the folder of RUN_JOURNAL_DIR does not answer; ask again shortly",
  });
}

/** The run in a file; one that is damaged is none, and is logged. */
async function readRun(folder: string, runId: string, log: Log): Promise<StoredRun | undefined> {
  const text = await readIfThere(toFile(folder, runId));
  if (text === undefined) return undefined;
  try {
    return Stored.parse(JSON.parse(text)) as StoredRun;
  } catch (thrown) {
    log.error("run-unreadable", thrown, { runId });
    return undefined;
  }
}

/** What stays of runs that went: as many marks as `runsMax`, the oldest out first. */
async function openMarks(folder: string, runsMax: number, log: Log) {
  const marks = new Set((await readdir(folder)).filter((name) => name.endsWith(EXPIRED_SUFFIX)));
  const toName = (id: string): string => `${id}${EXPIRED_SUFFIX}`;
  return {
    /** Goes without where there is no room for it: on a full disk the run makes some. A run that is gone already has one. */
    async leave(id: string, run: StoredRun | undefined): Promise<void> {
      const name = toName(id);
      try {
        if (run !== undefined) await writeFile(join(folder, name), run.callerId);
      } catch (thrown) {
        log.error("run-not-marked", thrown, { runId: id });
      }
      marks.add(name);
      const [oldest] = marks;
      if (marks.size <= runsMax || oldest === undefined) return;
      marks.delete(oldest);
      await rm(join(folder, oldest), { force: true });
    },
    async find(id: string): Promise<Found> {
      const callerId = await readIfThere(join(folder, toName(id)));
      return callerId === undefined ? { status: "unknown" } : { status: "expired", callerId };
    },
  };
}

/** The key goes with its run, unless a later run has it. */
async function removeKey(folder: string, { id, callerId, key }: StoredRun): Promise<void> {
  if (key === undefined) return;
  const file = toKeyFile(folder, callerId, key.name);
  if ((await readIfThere(file)) === id) await rm(file, { force: true });
}

/** Every run in the folder, oldest first. */
async function open(folder: string): Promise<Map<string, Entry>> {
  try {
    const keys = join(folder, "keys");
    await makeFolder(keys, 0o700);
    for (const one of [folder, keys]) await removeUnfinished(one);
    const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX));
    const found = await pMap(
      names,
      async (name) =>
        [name.slice(0, -SUFFIX.length), await statIfThere(join(folder, name))] as const,
      { concurrency: STAT_CONCURRENCY },
    );
    const there = found.flatMap(([id, entry]) =>
      entry === undefined ? [] : [[id, entry] as const],
    );
    return new Map(there.toSorted(([, a], [, b]) => a.endedMs - b.endedMs));
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail: "the folder of RUN_JOURNAL_DIR cannot be read or made; check its path and its rights",
      cause: thrown,
    });
  }
}

/** What a process has left that was killed while it wrote. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(NEW_SUFFIX)) continue;
    const file = join(folder, name);
    const { endedMs = Number.POSITIVE_INFINITY } = (await statIfThere(file)) ?? {};
    if (Date.now() - endedMs > NEW_MS_MAX) await rm(file, { force: true });
  }
}

/**
 * Readers see the old file or the new one, never a part. The name is this writing's own: another process may write
 * the same key, and in containers every process has the same id.
 */
async function replace(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${crypto.randomUUID()}${NEW_SUFFIX}`;
  try {
    await writeFile(unfinished, text, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

async function statIfThere(file: string): Promise<Entry | undefined> {
  const stats = await ifFound(stat(file));
  return stats && { bytes: stats.size, endedMs: stats.mtimeMs };
}

function readIfThere(file: string): Promise<string | undefined> {
  return ifFound(readFile(file, "utf8"));
}

function toFile(folder: string, id: string): string {
  return join(folder, `${id}${SUFFIX}`);
}

function toKeyFile(folder: string, callerId: string, name: string): string {
  return join(
    folder,
    "keys",
    createHash("sha256").update(toScopedKey(callerId, name)).digest("hex"),
  );
}
