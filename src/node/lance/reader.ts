/** Snapshots by collection: kept while nothing was committed, replaced when something was. */
import type { Table } from "@lancedb/lancedb";
import { untilAborted } from "../../async/until-aborted.ts";
import { AppError } from "../../errors.ts";
import { checkName } from "../../stores/check.ts";
import type { Snapshot } from "../../stores/store.ts";
import { type LanceBase, openTable } from "./base.ts";
import { findPlace, type Place } from "./place.ts";
import { recoverLocked } from "./recover-locked.ts";
import { toInstance } from "./schema.ts";
import { createSnapshot } from "./snapshot.ts";
import { isOfStore, toStoreError } from "./store-error.ts";

export interface Reader {
  open(collection: string, signal: AbortSignal): Promise<Snapshot>;
  /** The same with the place that it was read from. */
  find(collection: string, signal: AbortSignal): Promise<Found>;
  /** Was it there when it was last looked at, however long ago that is? */
  isOpen(collection: string): boolean;
  /** The next `open` looks at the table again: this process has changed it. */
  forget(collection: string): void;
}

const LONG_AGO_MS = Number.NEGATIVE_INFINITY;
/**
 * Share of the time in which a commit becomes visible after which a question makes the reader look again,
 * for nobody in particular: under steady traffic nobody waits. Who has to wait hears of its failure.
 */
export const LOOK_AHEAD_SHARE = 0.5;

export interface Found {
  readonly place: Place;
  readonly snapshot: Snapshot;
}

interface Entry extends Found {
  /** Follows the newest version; only asked for its number. */
  readonly head: Table;
  readonly checkedAtMs: number;
}

/** Creates a reader. A commit of another process is seen after `config.freshnessMs` at the latest. */
export function createReader(base: LanceBase): Reader {
  const entries = new Map<string, Entry>();
  const refresh = createRefresh(base, (collection) => entries.delete(collection));
  const refreshing = new Map<string, Promise<Entry>>();
  const { clock, config } = base;

  /** One look at the table for all who ask meanwhile, whichever of them gives up. */
  const share = (collection: string): Promise<Entry> => {
    const running = refreshing.get(collection);
    if (running !== undefined) return running;
    const started = look(collection);
    refreshing.set(collection, started);
    return started;

    async function look(collection: string): Promise<Entry> {
      const isCurrent = (): boolean => refreshing.get(collection) === started;
      try {
        const entry = await refresh(collection, entries.get(collection));
        // After `forget` what was found may be too old to be kept.
        if (isCurrent()) entries.set(collection, entry);
        return entry;
      } catch (thrown) {
        if (isCurrent()) entries.delete(collection);
        throw thrown;
      } finally {
        if (isCurrent()) refreshing.delete(collection);
      }
    }
  };

  const find: Reader["find"] = async (collection, signal) => {
    signal.throwIfAborted();
    checkName(collection);
    const entry = entries.get(collection);
    const ageMs = clock.now() - (entry?.checkedAtMs ?? LONG_AGO_MS);
    if (entry === undefined || ageMs >= config.freshnessMs) {
      return untilAborted(share(collection), signal);
    }
    if (ageMs >= config.freshnessMs * LOOK_AHEAD_SHARE) share(collection).catch(() => undefined);
    return entry;
  };

  return {
    find,
    isOpen: (collection) => entries.has(collection),
    open: async (collection, signal) => (await find(collection, signal)).snapshot,
    forget(collection) {
      const entry = entries.get(collection);
      if (entry !== undefined) entries.set(collection, { ...entry, checkedAtMs: LONG_AGO_MS });
      refreshing.delete(collection);
    },
  };
}

/** Creates the look at a collection as it is now; `onGone` is told of one whose files are gone. */
function createRefresh(base: LanceBase, onGone: (collection: string) => unknown) {
  const tried = new Set<string>();
  const refresh = async (collection: string, known: Entry | undefined): Promise<Entry> => {
    const checkedAtMs = base.clock.now();
    try {
      const place = await findPlace(base, collection);
      // Of another generation nothing is kept.
      const before = known?.place.table === place.table ? known : undefined;
      const head = before?.head ?? (await openOrMend(base, place, tried));
      if (before !== undefined) await head.checkoutLatest();
      const version = await head.version();
      const isSame = await holds(head, version, before);
      const snapshot =
        before !== undefined && isSame
          ? before.snapshot
          : await createSnapshot(base, place, version, () => onGone(collection));
      return { place, head, snapshot, checkedAtMs };
    } catch (thrown) {
      const error = toStoreError(thrown, collection);
      // A table that was dropped and made again breaks the old handle: look once with a new one.
      if (known !== undefined && !isOfStore(error)) return refresh(collection, undefined);
      throw error;
    }
  };
  return refresh;
}

/** Is the table still what was read before? One that was dropped and made again may have come to the same version. */
async function holds(head: Table, version: number, before: Found | undefined): Promise<boolean> {
  if (before?.snapshot.info.version !== version) return false;
  return before.snapshot.instance === toInstance(before.place.table, await head.schema());
}

/** A table whose newest version a crash spoiled is brought back first, once, unless a writer is about to do so. */
async function openOrMend(base: LanceBase, place: Place, tried: Set<string>): Promise<Table> {
  try {
    return await openTable(base, place);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "collection_unavailable") throw thrown;
    // What could not be brought back is not tried again with every question.
    if (tried.has(place.table)) throw thrown;
    tried.add(place.table);
    const lines = await recoverLocked(base, place);
    if (lines.length === 0) throw thrown;
    base.onRecovered?.(place.collection, lines);
    return openTable(base, place);
  }
}
