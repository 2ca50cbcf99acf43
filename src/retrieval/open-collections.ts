/** Which collections a run reads, each pinned to one version. */
import pMap from "p-map";
import { untilAborted } from "../async/until-aborted.ts";
import { AppError, toAppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { ReadStore, Snapshot } from "../stores/store.ts";
import { keepNames, recall, type Seen } from "./last-known.ts";

/** A collection that was asked for: open, or why not. */
export type Opened =
  | { readonly collection: string; readonly snapshot: Snapshot }
  | { readonly collection: string; readonly error: AppError };

/**
 * Opens the named collections, or all when none is named. One that cannot be opened is data;
 * one that does not exist is an error of the caller that names it and those that exist. A store that does
 * not say in time what there is now is taken to hold what it held a moment ago, and the run says so.
 * Throws AppError: collection_not_found, store_unavailable, and the run's own end.
 */
export async function openCollections(
  store: ReadStore,
  asked: readonly string[],
  run: Run,
): Promise<readonly Opened[]> {
  const names = asked.length > 0 ? asked : await listAll(store, run);
  const opened = await pMap(names, (name) => open(store, name, run), {
    concurrency: run.config.searchConcurrencyMax,
  });
  run.signal.throwIfAborted();
  const unknown = opened.flatMap((one) =>
    "error" in one && one.error.code === "collection_not_found" ? [one.collection] : [],
  );
  if (unknown.length > 0 && asked.length > 0) {
    const existing = await listAll(store, run);
    const known = existing.length > 0 ? existing.join(", ") : "none";
    throw new AppError("collection_not_found", {
      detail: `no collection named ${unknown.join(", ")}; there are: ${known}`,
    });
  }
  return opened;
}

async function open(store: ReadStore, collection: string, run: Run): Promise<Opened> {
  const { snapshots } = recall(store);
  try {
    const snapshot = await look(run, snapshots.get(collection), {
      code: `collection_stale:${collection}`,
      ask: (signal) => store.open(collection, signal),
      keep: (seen) => snapshots.set(collection, seen),
    });
    return { collection, snapshot };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!isPassing(error)) snapshots.delete(collection);
    return { collection, error };
  }
}

async function listAll(store: ReadStore, run: Run): Promise<readonly string[]> {
  const known = recall(store);
  const names = await look(run, known.names, {
    code: "collections_stale",
    ask: (signal) => store.list(signal),
    keep: (seen) => keepNames(known, seen),
  });
  if (names.length > 0) return names;
  throw new AppError("collection_not_found", {
    detail:
      "there is no collection yet; load documents with: pnpm ingest <folder> --collection NAME",
  });
}

interface Look<T> {
  /** Reported where the answer is that of an earlier look. */
  readonly code: string;
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly keep: (seen: Seen<T>) => unknown;
}

/** What the store says now; where it does not in time, what it said before, if that is not long ago. */
async function look<T>(run: Run, before: Seen<T> | undefined, { code, ask, keep }: Look<T>) {
  const { searchTimeoutMs, staleAfterMs, staleMsMax } = run.config;
  const nowMs = run.clock.now();
  const fallback = before !== undefined && nowMs - before.atMs < staleMsMax ? before : undefined;
  const budgetMs = Math.min(searchTimeoutMs, fallback === undefined ? Infinity : staleAfterMs);
  using deadline = run.deadline.child(budgetMs, "open");
  try {
    const value = await untilAborted(ask(deadline.signal), deadline.signal);
    keep({ value, atMs: nowMs });
    return value;
  } catch (thrown) {
    run.signal.throwIfAborted();
    const error = toAppError(thrown);
    if (fallback === undefined || !isPassing(error)) throw error;
    run.log.error("store-late", thrown, { runId: run.id, code: error.code, degraded: code });
    await run.degrade(code);
    return fallback.value;
  }
}

/** It says nothing of what there is: the store is slow, or cannot be reached. */
function isPassing({ code }: AppError): boolean {
  return code === "deadline_exceeded" || code === "store_unavailable";
}
