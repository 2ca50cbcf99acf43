/** Files that survive a loss of power: synced to disk with their folders, replaced whole, and sealed with a checksum. */
import { randomUUID } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { AppError } from "../../errors.ts";
import { ifFound, isCode } from "../files/is-code.ts";

/** Size and CRC-32 of a file: a flipped bit changes the one or the other, without exception. */
export type Seal = readonly [bytes: number, crc: number];

/** Small: a buffer a file, let go of only when there are many. */
const BUFFER_BYTES = 64 * 1_024;

/** The seal of a file, which is synced to disk before with `sync`. Throws the system's error. */
export async function sealFile(path: string, sync: boolean): Promise<Seal> {
  await using file = await open(path, "r");
  if (sync) await file.datasync();
  const buffer = new Uint8Array(BUFFER_BYTES);
  let [bytes, crc] = [0, 0];
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, BUFFER_BYTES, bytes);
    if (bytesRead === 0) return [bytes, crc];
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    bytes += bytesRead;
  }
}

/** Is the file what was sealed? Throws the system's error. */
export async function isSealed(path: string, [bytes, crc]: Seal): Promise<boolean> {
  const now = await sealFile(path, false);
  return now[0] === bytes && now[1] === crc;
}

/** Makes the names in a folder lasting: a synced file whose name is lost is lost. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Replaces a file in one step: readers see the old content or the new, also after a loss of power. `mode` is the new one's. */
export async function replaceFile(path: string, text: string, mode = 0o666): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    {
      await using file = await open(temporary, "wx", mode);
      await file.writeFile(text);
      await leaveToOwner(file, path);
      await file.sync();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

/** What root replaces stays the owner's, and what root makes is the folder's: a service that runs as another user has to read it. */
async function leaveToOwner(file: FileHandle, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = (await ifFound(stat(path))) ?? (await stat(dirname(path)));
  if (uid === 0) return;
  try {
    await file.chown(uid, gid);
  } catch (thrown) {
    // The root of a container without root may not, nor may anyone on a disk that knows no owners.
    if (!isCode(thrown, "EPERM", "EINVAL", "ENOTSUP")) throw thrown;
  }
}

/** Moves files out of the way into a folder beside them, under names that tell when; nothing is deleted. Returns where to. */
export async function moveAside(path: string, quarantine: string): Promise<string> {
  await mkdir(quarantine, { recursive: true });
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const target = join(quarantine, `${stamp}-${randomUUID().slice(0, 4)}-${basename(path)}`);
  await rename(path, target);
  await syncFolder(dirname(path));
  return target;
}

/** Its rights have nothing to do with it, and another try may succeed. */
export const TOO_MANY_FILES =
  "this process has too many files open; raise its limit (ulimit -n, or LimitNOFILE of systemd)";

/**
 * The text of a small file, undefined where there is none. Throws AppError store_unavailable that names a file
 * which may not be read: that it is damaged cannot be said then.
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return undefined;
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === undefined) throw thrown;
    if (isCode(thrown, "EMFILE", "ENFILE")) {
      throw new AppError("store_unavailable", { detail: TOO_MANY_FILES, cause: thrown });
    }
    throw new AppError("store_unavailable", {
      detail: `the file ${basename(path)} of the store cannot be read (${code}); check its permissions`,
      cause: thrown,
    });
  }
}

/** Paths of all files below a folder, relative to it; empty when there is no such folder. */
export async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return [];
    throw thrown;
  }
}
