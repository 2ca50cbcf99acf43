/** Runs that are over, as files in a folder, so that they outlive the process: one file a run. Whoever holds most loses the oldest first. */
import { createHash } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
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
import { createMarkShelf, createShelf, type Kept, type ShelfEntry } from "../../http/runs/shelf.ts";
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

/** How a run's file begins: its caller is known without reading the whole. */
const HEAD = /^\{"id":"[^"]*","callerId":"([^"\\]*)"/;
const HEAD_BYTES = 512;
const SUFFIX = ".run.json";
const EXPIRED_SUFFIX = ".expired";
/** What is being written. */
const NEW_SUFFIX = ".new";
/** Nobody writes for so long: whoever began it was killed. */
const NEW_MS_MAX = 60_000;
const LOOK_CONCURRENCY = 8;
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
  const found = await openFolder(folder);
  const marks = await openMarks(folder, limits, log);
  const turns = createDiskTurns({ clock, toError: toHung });
  const runs = createRuns(found, { folder, limits, turns, marks, log });

  const write = async (run: StoredRun): Promise<void> => {
    const { id, callerId, ...rest } = run;
    const text = JSON.stringify({ id, callerId, ...rest });
    await replace(toFile(folder, run.id), text);
    // It counts from here on, whatever becomes of its key.
    runs.add([run.id, { callerId, bytes: Buffer.byteLength(text), endedMs: Date.now() }]);
    if (run.key !== undefined) await replace(toKeyFile(folder, run.callerId, run.key.name), run.id);
    await runs.makeRoom();
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
      await turns.change(() => runs.learn(id).then(runs.makeRoom));
      return turns.read(async () => {
        const run = runs.has(id) ? await read(id) : undefined;
        return run === undefined ? marks.find(id) : { status: "kept", run };
      });
    },
    async findByKey(callerId, name) {
      const id = await turns.read(() => readIfThere(toKeyFile(folder, callerId, name)));
      if (id === undefined) return undefined;
      await turns.change(() => runs.learn(id));
      return runs.has(id) ? turns.read(() => read(id)) : undefined;
    },
  };
}

interface RunsDeps {
  readonly folder: string;
  readonly limits: ArchiveLimits;
  readonly turns: DiskTurns;
  readonly marks: Awaited<ReturnType<typeof openMarks>>;
  readonly log: Log;
}

/** The runs that count. All but `has` belongs in the turn of a change. */
function createRuns(found: readonly Kept<ShelfEntry>[], deps: RunsDeps) {
  const { folder, limits, turns, marks, log } = deps;
  const shelf = createShelf(limits);
  for (const kept of found) shelf.add(kept);
  let isGoingOn = false;

  const expire = async (kept: Kept<ShelfEntry>): Promise<void> => {
    const [id, entry] = kept;
    const run = await readRun(folder, id, log);
    shelf.remove(kept);
    if (run !== undefined) await removeKey(folder, run);
    await marks.leave(id, run, entry);
    await rm(toFile(folder, id), { force: true });
  };
  const makeRoom = async (): Promise<void> => {
    for (let count = 0; count < EXPIRED_AT_ONCE; count += 1) {
      const surplus = shelf.findSurplus(Date.now());
      if (surplus === undefined) return;
      await expire(surplus);
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
    add: (kept: Kept<ShelfEntry>) => shelf.add(kept),
    makeRoom,
    has: (id: string) => shelf.entries.has(id),
    /** Looks for a run that may be of another process, and lets it go when it is too old, whatever lies before it. */
    async learn(id: string): Promise<void> {
      const known = shelf.entries.get(id);
      const entry = known ?? (await lookIfThere(toFile(folder, id)));
      if (entry === undefined) return;
      if (known === undefined) shelf.add([id, entry]);
      if (Date.now() - entry.endedMs > limits.ageMsMax) await expire([id, entry]);
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

/** What stays of runs that went. */
async function openMarks(folder: string, limits: ArchiveLimits, log: Log) {
  const shelf = createMarkShelf(limits);
  const toMark = (id: string): string => join(folder, `${id}${EXPIRED_SUFFIX}`);
  const count = async (id: string, callerId: string): Promise<void> => {
    const surplus = shelf.leave(id, callerId);
    if (surplus !== undefined) await rm(toMark(surplus), { force: true });
  };
  for (const [id, callerId] of await readMarks(folder)) await count(id, callerId);
  return {
    /** Goes without where there is no room for it: on a full disk the run makes some. A run that is gone already has one. */
    async leave(id: string, run: StoredRun | undefined, { callerId }: ShelfEntry): Promise<void> {
      try {
        if (run !== undefined) await writeFile(toMark(id), run.callerId);
      } catch (thrown) {
        log.error("run-not-marked", thrown, { runId: id });
      }
      await count(id, callerId);
    },
    async find(id: string): Promise<Found> {
      const callerId = await readIfThere(toMark(id));
      return callerId === undefined ? { status: "unknown" } : { status: "expired", callerId };
    },
  };
}

/** The marks in the folder, with their callers. */
async function readMarks(folder: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(EXPIRED_SUFFIX));
  const toMark = async (name: string) =>
    [name.slice(0, -EXPIRED_SUFFIX.length), await readHead(join(folder, name))] as const;
  return pMap(names, toMark, { concurrency: LOOK_CONCURRENCY });
}

/** The key goes with its run, unless a later run has it. */
async function removeKey(folder: string, { id, callerId, key }: StoredRun): Promise<void> {
  if (key === undefined) return;
  const file = toKeyFile(folder, callerId, key.name);
  if ((await readIfThere(file)) === id) await rm(file, { force: true });
}

/** Every run in the folder, oldest first. */
async function openFolder(folder: string): Promise<readonly Kept<ShelfEntry>[]> {
  try {
    const keys = join(folder, "keys");
    await makeFolder(keys, 0o700);
    for (const one of [folder, keys]) await removeUnfinished(one);
    const ids = (await readdir(folder)).flatMap((name) =>
      name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : [],
    );
    const found = await pMap(
      ids,
      async (id) => [id, await lookIfThere(toFile(folder, id))] as const,
      { concurrency: LOOK_CONCURRENCY },
    );
    return found
      .flatMap(([id, entry]) => (entry === undefined ? [] : [[id, entry] as const]))
      .toSorted(([, a], [, b]) => a.endedMs - b.endedMs);
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
    const { mtimeMs = Number.POSITIVE_INFINITY } = (await ifFound(stat(file))) ?? {};
    if (Date.now() - mtimeMs > NEW_MS_MAX) await rm(file, { force: true });
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

async function lookIfThere(file: string): Promise<ShelfEntry | undefined> {
  const stats = await ifFound(stat(file));
  if (stats === undefined) return undefined;
  const [, callerId = ""] = HEAD.exec(await readHead(file)) ?? [];
  return { callerId, bytes: stats.size, endedMs: stats.mtimeMs };
}

/** Empty for a file that cannot be read: it is nobody's, and goes in its time. */
async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return ""; // reading the run says why
  }
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
