/** A lock file: one writer at a time, across processes of one machine. A lock whose process is gone is taken over. */
import { randomUUID } from "node:crypto";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import * as z from "zod";
import { AppError } from "../../errors.ts";
import { readFormat } from "../durable/checked-line.ts";
import { readText } from "../durable/files.ts";
import { ifFound, isCode } from "./is-code.ts";
import { isRunning } from "../process/is-running.ts";
import { makeFolder } from "./make-folder.ts";

const FORMAT = 1;

const Holder = z.object({
  /** Grows when an older program cannot tell what a newer one wrote. */
  format: z.literal(FORMAT).default(FORMAT),
  /** Part of the name of the file that claims a stale lock. */
  token: z.string().max(64),
  pid: z.int().positive(),
  host: z.string(),
  /** Start time of the process in clock ticks since boot, where the system tells: process ids are used again. */
  startedAt: z.string(),
});
type Holder = z.infer<typeof Holder>;

/** Attempts at a lock file that comes and goes under our hands. */
const ATTEMPTS_MAX = 5;

export interface Lock {
  /** Before each commit: throws AppError ingest_locked when somebody else has it now. Absent: that cannot be. */
  check?(): Promise<void>;
  /** Removes the file if it is still ours. Safe to repeat. */
  release(): Promise<void>;
}

/**
 * Takes the lock at `path`, whose folder is made when missing; `what` names it in errors.
 * Throws AppError: ingest_locked naming the holder's process and host, store_unavailable for a file that may not be read.
 */
export async function acquireLock(path: string, what: string): Promise<Lock> {
  const holder: Holder = {
    format: FORMAT,
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    startedAt: await readStartTime(process.pid),
  };
  await makeFolder(dirname(path));
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (await tryCreate(path, holder)) return { release: () => release(path, holder.token) };
    const other = await readHolder(path);
    if (other === "gone") continue;
    if (other === "newer") throw lockedByNewer(what);
    if (other !== "unreadable" && (await isAlive(other))) throw lockedBy(other, path, what);
    await removeStale(path, other, holder);
  }
  throw new AppError("ingest_locked", { detail: `${what} is being locked by others; try again` });
}

/** The file appears with its content or not at all: it is written beside and linked into place. */
async function tryCreate(path: string, holder: Holder): Promise<boolean> {
  const temporary = `${path}.${holder.token}`;
  try {
    await writeFile(temporary, JSON.stringify(holder), { flag: "wx", flush: true });
    await link(temporary, path);
    return true;
  } catch (thrown) {
    if (isCode(thrown, "EEXIST")) return false;
    throw thrown;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function readHolder(path: string): Promise<Holder | "gone" | "unreadable" | "newer"> {
  try {
    const text = await readText(path);
    if (text === undefined) return "gone";
    const value: unknown = JSON.parse(text);
    const parsed = Holder.safeParse(value);
    if (parsed.success) return parsed.data;
    return readFormat(value) > FORMAT ? "newer" : "unreadable";
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return "unreadable";
    throw thrown;
  }
}

/**
 * Removes a lock whose process is gone. Only one process may remove this one lock: the one that makes the claim file,
 * whose name has the lock's own token in it. A claim whose process is gone gives way to the next, and never comes back
 * to life; so nothing can take the lock's place between the last look at it and its removal.
 */
async function removeStale(path: string, stale: Holder | "unreadable", own: Holder): Promise<void> {
  const identity = await identify(path, stale);
  if (identity === undefined) return;
  const claims: string[] = [];
  while (claims.length < ATTEMPTS_MAX) {
    const claim = `${path}.${identity}.${claims.length + 1}`;
    claims.push(claim);
    if (await tryCreate(claim, own)) {
      if ((await identify(path, await readHolder(path))) === identity) await rm(path);
      for (const file of claims) await rm(file, { force: true });
      return;
    }
    const claimer = await readHolder(claim);
    if (claimer === "gone" || claimer === "newer") return;
    if (claimer !== "unreadable" && (await isAlive(claimer))) return;
  }
}

/** What no other lock file is called by; one that cannot be read is known by its place on the disk and its time. */
async function identify(
  path: string,
  holder: Awaited<ReturnType<typeof readHolder>>,
): Promise<string | undefined> {
  if (typeof holder === "object") return encodeURIComponent(holder.token);
  if (holder !== "unreadable") return undefined;
  const stats = await ifFound(stat(path));
  return stats && `unreadable-${stats.ino}-${stats.mtimeMs}`;
}

async function release(path: string, token: string): Promise<void> {
  const holder = await readHolder(path);
  if (typeof holder === "object" && holder.token === token) await rm(path, { force: true });
}

/** A process of another machine counts as alive: nothing here can tell. */
async function isAlive({ pid, host, startedAt }: Holder): Promise<boolean> {
  if (host !== hostname()) return true;
  if (!isRunning(pid)) return false;
  const now = await readStartTime(pid);
  return now === "" || startedAt === "" || now === startedAt;
}

/** Field 22 of /proc/PID/stat; empty where there is no such file. */
async function readStartTime(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return ""; // no /proc on this system, or the process has just ended
  }
}

/** What a lock file says, for those who only look. `held`: by a process that lives, as far as can be told, or by a newer program. */
export type LockState =
  | { readonly state: "absent" | "stale" | "unreadable" }
  | { readonly state: "held"; readonly why: AppError };

/** Looks at a lock file without touching it. Throws AppError store_unavailable when it may not be read. */
export async function inspectLock(path: string, what: string): Promise<LockState> {
  const holder = await readHolder(path);
  if (holder === "gone") return { state: "absent" };
  if (holder === "unreadable") return { state: "unreadable" };
  if (holder === "newer") return { state: "held", why: lockedByNewer(what) };
  if (!(await isAlive(holder))) return { state: "stale" };
  return { state: "held", why: lockedBy(holder, path, what) };
}

function lockedByNewer(what: string): AppError {
  return new AppError("ingest_locked", {
    detail: `the lock file of ${what} was written by a newer version of the program; nothing was changed`,
  });
}

function lockedBy({ pid, host }: Holder, path: string, what: string): AppError {
  const local = host === hostname();
  return new AppError("ingest_locked", {
    detail: local
      ? `${what} is being written by process ${pid} on this machine (${host}); wait until it is done`
      : `${what} is locked by process ${pid} on ${host}; if that machine is gone, delete its lock file`,
    cause: path,
  });
}
