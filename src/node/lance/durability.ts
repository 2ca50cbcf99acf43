/** Acknowledged means on disk: new files and their folders are synced, then the version goes into the journal. */
import { dirname, join, relative } from "node:path";
import pMap from "p-map";
import { AppError } from "../../errors.ts";
import { listFiles, type Seal, sealFile, syncFolder } from "../durable/files.ts";
import {
  appendJournal,
  type Journal,
  type NewEntry,
  readJournal,
  writeJournal,
} from "../durable/journal.ts";
import { ifFound } from "../files/is-code.ts";
import { toWriteError } from "../files/write-error.ts";
import type { LanceBase } from "./base.ts";
import { type Place, toPaths } from "./place.ts";

/** Files being synced at the same time: the disk writes them in one go. */
const SYNCS_MAX = 8;
/** The only file of a table that is written over; it may lag and be absent. */
export const HINT = "latest_version_hint.json";

interface Acknowledged {
  readonly version: number;
  readonly chunks: number;
  readonly documents: number;
}

export interface Durability {
  /** Returns when everything of this version is on disk and in the journal. */
  acknowledge(state: Acknowledged): Promise<void>;
  /** Runs what deletes old files, and writes the journal anew with those that are left. */
  cleanUp(state: () => Acknowledged, work: () => Promise<void>): Promise<void>;
}

const NOTHING: Durability = {
  acknowledge: async () => {},
  cleanUp: async (_, work) => work(),
};

/** For the writer of a table. Does nothing where the store is no folder, or where STORE_SYNC is off. */
export async function openDurability(base: LanceBase, place: Place): Promise<Durability> {
  if (!base.local || !base.config.storeSync) return NOTHING;
  const { journal: path } = toPaths(base, place);
  const journal = await readOwnJournal(path, place.collection);
  // What was moved aside or cleaned up has no seal any more: its name may be used again.
  const there = new Set(await listTableFiles(base, place));
  const files = new Map([...journal.files].filter(([name]) => there.has(name)));
  const { readyAtMs } = journal;
  let acknowledged = journal.last?.version;

  const append = async (entry: NewEntry): Promise<void> =>
    orFull(async () => appendJournal(path, entry));
  const seal = async (): Promise<Record<string, Seal>> => {
    const fresh: Record<string, Seal> = {};
    const found = (await listTableFiles(base, place)).filter((name) => !files.has(name));
    await pMap(
      found,
      async (name) => {
        const sealed = await sealUnlessGone(join(base.uri, name));
        if (sealed !== undefined) fresh[name] = sealed;
      },
      { concurrency: SYNCS_MAX },
    );
    await syncFolders(base, found);
    return fresh;
  };

  return {
    async acknowledge({ version, chunks, documents }) {
      const fresh = await orFull(seal);
      if (Object.keys(fresh).length === 0 && version === acknowledged) return;
      await append({ type: "version", version, chunks, documents, files: fresh });
      for (const [name, value] of Object.entries(fresh)) files.set(name, value);
      acknowledged = version;
    },
    async cleanUp(state, work) {
      await append({ type: "cleanup" });
      await work();
      const left = new Set(await listTableFiles(base, place));
      const { version, chunks, documents } = state();
      for (const name of files.keys()) if (!left.has(name)) files.delete(name);
      for (const [name, value] of Object.entries(await orFull(seal))) files.set(name, value);
      const all = Object.fromEntries(files);
      const entry = { type: "version", version, chunks, documents, files: all } as const;
      await orFull(async () => writeJournal(path, entry, readyAtMs));
      acknowledged = version;
    },
  };
}

/** Throws AppError collection_unavailable for a journal that a newer program wrote: what it promised is not known here. */
export async function readOwnJournal(path: string, collection: string): Promise<Journal> {
  const journal = await readJournal(path);
  if (journal.state !== "newer") return journal;
  throw new AppError("collection_unavailable", {
    detail: `the journal of collection ${collection} was written by a newer version of the program; nothing was changed`,
  });
}

/** Files of the table and of its statistics, relative to the store, without those that are only there for speed. */
export async function listTableFiles(base: LanceBase, place: Place): Promise<readonly string[]> {
  const { folder, terms } = toPaths(base, place);
  const lists = await Promise.all(
    [folder, terms].map(async (path) => {
      const names = await listFiles(path);
      return names.map((name) => relative(base.uri, join(path, name)));
    }),
  );
  return lists.flat().filter((name) => !name.endsWith(HINT) && !name.endsWith(".tmp"));
}

/** A writer that got past the lock may take its files away meanwhile. */
function sealUnlessGone(path: string): Promise<Seal | undefined> {
  return ifFound(sealFile(path, true));
}

/** Syncs the folders of the files and those above them, up to the store's own. Names are relative to the store. */
export async function syncFolders(base: LanceBase, names: readonly string[]): Promise<void> {
  await pMap(toFolders(base, names), syncFolder, { concurrency: SYNCS_MAX });
}

function toFolders({ uri }: LanceBase, names: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const name of names) {
    for (let at = dirname(name); at !== "."; at = dirname(at)) folders.add(join(uri, at));
  }
  return folders.size === 0 ? [] : [...folders, uri];
}

/** A full disk is said as such; the version is there and only not promised. */
async function orFull<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (thrown instanceof AppError || code === undefined) throw thrown;
    const detail = `what was written could not be synced to disk (${code})`;
    throw toWriteError(thrown) ?? new AppError("store_unavailable", { detail, cause: thrown });
  }
}
