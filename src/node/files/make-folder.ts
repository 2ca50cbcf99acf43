/** Makes a folder and those above it, one at a time: Node's own recursive `mkdir` never returns where /proc refuses. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isCode } from "./is-code.ts";

/** Makes the folder if it is missing; `mode` is that of every folder made. Throws the system's error: EACCES, EROFS, ENOENT, ENOTDIR, EEXIST for a file, … */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const folder = resolve(path);
  const missing: string[] = [];
  for (let current = folder; ; current = dirname(current)) {
    try {
      await mkdir(current, mode);
      break;
    } catch (thrown) {
      const isThere = isCode(thrown, "EEXIST");
      if (isThere && (current !== folder || (await stat(folder)).isDirectory())) break;
      if (!isCode(thrown, "ENOENT") || current === dirname(current)) throw thrown;
      missing.push(current);
    }
  }
  for (const current of missing.toReversed()) await makeOne(current, mode);
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (thrown) {
    // Another process may have been first.
    if (!isCode(thrown, "EEXIST")) throw thrown;
  }
}
