/** Which collections a folder holds. Other programs have files of the same names, and those are none of ours. */
import { type Dirent, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import { toFolderError } from "../files/check-data-dir.ts";
import { readJournal } from "../durable/journal.ts";
import { inspectPointer } from "../durable/pointer.ts";
import { isCode } from "../files/is-code.ts";
import { inspectLock } from "../files/lock.ts";
import { parsePlace, type Place, toPaths } from "./place.ts";

const PARTS = /^(.+?)(?:\.terms)?\.(lance|journal|pointer|lock)$/;
/** What the folder of a table is made of. */
const TABLE_PARTS: ReadonlySet<string> = new Set([
  "_versions",
  "_transactions",
  "_deletions",
  "_indices",
  "data",
]);

/** One generation for each name that a file of ours bears. Throws AppError store_unavailable for a folder that cannot be read. */
export async function findPlaces(uri: string): Promise<readonly Place[]> {
  const places = new Map<string, Place>();
  for (const entry of await list(uri)) {
    const [, table = "", part = ""] = PARTS.exec(entry.name) ?? [];
    const place = parsePlace(table);
    if (place === undefined || places.has(table)) continue;
    if (await isOurs(uri, entry, part)) places.set(table, place);
  }
  return [...places.values()].toSorted((one, other) => one.generation - other.generation);
}

async function list(uri: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(uri, { withFileTypes: true });
  } catch (thrown) {
    if (isCode(thrown, "ENOENT", "ENOTDIR")) return [];
    throw toFolderError(uri, thrown);
  }
}

/** A folder of the native format tells itself; of a file something must read as we write it. */
async function isOurs(uri: string, entry: Dirent, part: string): Promise<boolean> {
  if (entry.isDirectory()) return part === "lance";
  const path = join(uri, entry.name);
  try {
    if (part === "journal") {
      const { state, last, cleaning, readyAtMs } = await readJournal(path);
      return state === "newer" || (last ?? readyAtMs) !== undefined || cleaning;
    }
    if (part === "pointer") {
      const found = await inspectPointer(path);
      return found === "newer" || typeof found === "object";
    }
    return part === "lock" && (await inspectLock(path, "")).state !== "unreadable";
  } catch (thrown) {
    // What may not be read says nothing about whose it is; the tables beside it do.
    if (thrown instanceof AppError) return false;
    throw thrown;
  }
}

/** What is there of a generation whose table has no version: what a crash left, or what was never ours. */
export async function inspectShell(
  base: { readonly uri: string },
  place: Place,
): Promise<"nothing" | "shell" | "foreign"> {
  const { folder, journal } = toPaths(base, place);
  if (!existsSync(folder)) return existsSync(journal) ? "shell" : "nothing";
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const isForeign = entries.some(
    ({ name, parentPath }) =>
      name.endsWith(".manifest") || (parentPath === folder && !TABLE_PARTS.has(name)),
  );
  return isForeign ? "foreign" : "shell";
}
