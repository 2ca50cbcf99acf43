/** Looks at collections: what each is, whether it opens, whether its embedder is at hand. */
import pMap from "p-map";
import { startDeadline } from "../async/deadline.ts";
import type { CollectionInfo } from "../domain/collection.ts";
import { type ErrorCode, toAppError } from "../errors.ts";
import type { Service } from "./service.ts";

export type CollectionView =
  | (CollectionInfo & { readonly status: "ready"; readonly embedderReady: boolean })
  | { readonly name: string; readonly status: "unavailable"; readonly code: ErrorCode };

type Deps = Pick<Service, "config" | "clock" | "store" | "embedders">;

/** Every collection, sorted by name; one that cannot be opened is in the list with its code. Throws AppError store_unavailable. */
export async function inspectCollections(
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly CollectionView[]> {
  const names = await listCollections(deps, signal);
  return pMap(names, (name) => inspect(deps, name, signal), {
    concurrency: deps.config.searchConcurrencyMax,
  });
}

/** The names. Throws AppError: store_unavailable, deadline_exceeded. */
export async function listCollections(
  { config, clock, store }: Deps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const budgetMs = config.healthTimeoutMs;
  using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "list" });
  return await store.list(deadline.signal);
}

async function inspect(deps: Deps, name: string, signal: AbortSignal): Promise<CollectionView> {
  try {
    return { status: "ready", ...(await describeCollection(deps, name, signal)) };
  } catch (thrown) {
    return { name, status: "unavailable", code: toAppError(thrown).code };
  }
}

/** One collection. Throws AppError: collection_not_found, collection_unavailable, deadline_exceeded. */
export async function describeCollection(
  { config, clock, store, embedders }: Deps,
  name: string,
  signal: AbortSignal,
): Promise<CollectionInfo & { readonly embedderReady: boolean }> {
  const budgetMs = config.healthTimeoutMs;
  using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "open" });
  const { info } = await store.open(name, deadline.signal);
  return { ...info, embedderReady: embedders.has(info.embedder) };
}
