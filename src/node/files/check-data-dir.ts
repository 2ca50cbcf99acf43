/** Says in one sentence why the folder of the local store cannot be used, before anything tries. */
import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError } from "../../errors.ts";
import { toReason } from "./is-code.ts";
import { isFolder } from "./is-folder.ts";
import { makeFolder } from "./make-folder.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "may not be read and written by this user",
  EPERM: "may not be read and written by this user",
  EROFS: "is on a read-only disk",
  EEXIST: "is not a folder",
  ENOENT: "cannot be made there",
  ENOTDIR: "lies below a file",
  ENOSPC: "is on a full disk",
};

/** Can be read; created when it is missing. Throws AppError store_unavailable. */
export function checkDataDir(dataDir: string): Promise<void> {
  return check(dataDir, async () => {
    await makeFolder(dataDir);
    await readdir(dataDir);
  });
}

/** Can be written. Throws AppError store_unavailable. */
export function checkWritable(dataDir: string): Promise<void> {
  return check(dataDir, () => access(dataDir, constants.W_OK));
}

async function check(dataDir: string, attempt: () => Promise<void>): Promise<void> {
  if (!isFolder(dataDir)) return;
  try {
    await attempt();
  } catch (thrown) {
    throw toFolderError(dataDir, thrown);
  }
}

/** What the system said about the store's folder, as an AppError store_unavailable. */
export function toFolderError(dataDir: string, thrown: unknown): AppError {
  const code = toReason(thrown);
  const reason = REASONS[code] ?? `cannot be used (${code})`;
  return new AppError("store_unavailable", {
    detail: `the folder of the store, ${resolve(dataDir)}, ${reason}; check DATA_DIR`,
    cause: thrown,
  });
}
