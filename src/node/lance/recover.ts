/** Brings a table back to the newest version that is whole, after a crash or a loss of power. Moves files, deletes none. */
import { open, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { AppError } from "../../errors.ts";
import { isSealed, moveAside } from "../durable/files.ts";
import type { Journal } from "../durable/journal.ts";
import type { LanceBase } from "./base.ts";
import { listTableFiles, readOwnJournal } from "./durability.ts";
import { type Place, toPaths } from "./place.ts";
import { lancedb } from "./native.ts";
import { CHUNK_COLUMNS } from "../../stores/lance/row-detail.ts";
import { isCode } from "../files/is-code.ts";
import { toChunk } from "./rows.ts";

/** Manifests are named so that the newest sorts first. */
const NEWEST = 2n ** 64n - 1n;
const MAGIC = "LANC";

export interface Manifest {
  readonly path: string;
  readonly version: number;
}

/** Manifests of a table's folder, newest first; empty for a shell and for what is not there. */
export async function listManifests(folder: string): Promise<readonly Manifest[]> {
  const versions = join(folder, "_versions");
  try {
    const names = (await readdir(versions)).filter((name) => /^\d{20}\.manifest$/.test(name));
    return names.toSorted().map((name) => ({
      path: join(versions, name),
      version: Number(NEWEST - BigInt(name.slice(0, 20))),
    }));
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return [];
    throw thrown;
  }
}

/**
 * Moves manifests aside until the newest one is what the journal says, or, where the journal does not
 * reach, until every file it needs reads as it was written. Needs the collection's lock.
 * Returns a line for each thing that was wrong, also of a version that is missing since; none for a whole table.
 * Throws AppError collection_unavailable when no version is whole; then everything is as it was.
 */
export async function recoverTable(base: LanceBase, place: Place): Promise<readonly string[]> {
  if (!base.local) return [];
  const { folder, journal: path, quarantine } = toPaths(base, place);
  const journal = await readOwnJournal(path, place.collection);
  const manifests = await listManifests(folder);
  const moved: { readonly from: string; readonly to: string }[] = [];
  for (const manifest of manifests) {
    if (await isWhole(base, place, manifest, journal)) {
      return report(manifest, moved, journal);
    }
    moved.push({ from: manifest.path, to: await moveAside(manifest.path, quarantine) });
  }
  for (const { from, to } of moved) await rename(to, from);
  if (manifests.length === 0) return [];
  throw new AppError("collection_unavailable", {
    detail: `no version of collection ${place.collection} can be read; restore its folder from a copy, or drop it and ingest it again`,
  });
}

function report(
  { version }: Manifest,
  moved: readonly { readonly from: string; readonly to: string }[],
  { last }: Journal,
): readonly string[] {
  const lines = moved.map(
    ({ from, to }) =>
      `the manifest ${basename(from)} was not whole; it lies in ${basename(dirname(to))} now`,
  );
  if (moved.length > 0) lines.push(`version ${version} came back`);
  // Also where a reader brought it back, so that whoever can mend it hears of it.
  if (last !== undefined && last.version > version) {
    lines.push(
      `version ${last.version} with ${last.chunks} chunks was acknowledged and is damaged: ingest the same documents again, which adds what is missing`,
    );
  }
  return lines;
}

async function isWhole(
  base: LanceBase,
  place: Place,
  { path }: Manifest,
  journal: Journal,
): Promise<boolean> {
  const seal = journal.files.get(relative(base.uri, path));
  if (seal !== undefined) return isSealed(path, seal);
  if (!(await endsWithMagic(path))) return false;
  // Only files that this version refers to count: others may be half written by a writer that got past the lock.
  for (const name of await listTableFiles(base, place)) {
    if (!name.endsWith(".txn") || journal.files.has(name)) continue;
    if ((await stat(join(base.uri, name))).size === 0) return false;
  }
  return isReadable(base, place);
}

/** Files of the native format end with its name; what a lost power left is short or empty. */
async function endsWithMagic(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const end = new Uint8Array(MAGIC.length);
  if (size < MAGIC.length) return false;
  await file.read(end, 0, MAGIC.length, size - MAGIC.length);
  return new TextDecoder().decode(end) === MAGIC;
}

/** Is every row of the newest version what was written, and can every index be read? */
async function isReadable({ uri }: LanceBase, { table }: Place): Promise<boolean> {
  try {
    // A connection of its own: nothing of what it saw may stay in a cache when a manifest is moved.
    const connection = await lancedb.connect(uri);
    const opened = await connection.openTable(table);
    for await (const batch of opened.query().select([...CHUNK_COLUMNS, "vector"])) {
      for (const row of batch.toArray() as unknown[]) if (toChunk(row) === undefined) return false;
    }
    for (const { name } of await opened.listIndices()) await opened.prewarmIndex(name);
    return true;
  } catch {
    return false; // whatever it is that cannot be read, this version is not whole
  }
}
