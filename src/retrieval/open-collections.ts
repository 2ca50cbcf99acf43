/** Which collections a run reads, each pinned to one version. */
import pMap from "p-map";
import { untilAborted } from "../async/until-aborted.ts";
import { AppError, toAppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { ReadStore, Snapshot } from "../stores/store.ts";

/** A collection that was asked for: open, or why not. */
export type Opened =
  | { readonly collection: string; readonly snapshot: Snapshot }
  | { readonly collection: string; readonly error: AppError };

/**
 * Opens the named collections, or all when none is named. One that cannot be opened is data;
 * one that does not exist is an error of the caller that names it and those that exist.
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
  using deadline = run.deadline.child(run.config.searchTimeoutMs, "open");
  try {
    const work = store.open(collection, deadline.signal);
    return { collection, snapshot: await untilAborted(work, deadline.signal) };
  } catch (thrown) {
    return { collection, error: toAppError(thrown) };
  }
}

async function listAll(store: ReadStore, run: Run): Promise<readonly string[]> {
  using deadline = run.deadline.child(run.config.searchTimeoutMs, "open");
  const names = await untilAborted(store.list(deadline.signal), deadline.signal);
  if (names.length > 0) return names;
  throw new AppError("collection_not_found", {
    detail:
      "there is no collection yet; load documents with: pnpm ingest <folder> --collection NAME",
  });
}
