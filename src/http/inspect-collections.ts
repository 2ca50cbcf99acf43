/** Looks at collections: what each is, whether it opens, whether its embedder is at hand. */
import pMap from "p-map";
import type * as z from "zod";
import { toVisibleStore } from "../access/visible-store.ts";
import { startDeadline } from "../async/deadline.ts";
import type { Config } from "../config.ts";
import type { Caller } from "../domain/caller.ts";
import { toAppError } from "../errors.ts";
import { keepNames, recall } from "../retrieval/last-known.ts";
import type { Collection, CollectionView as ViewBody } from "./openapi/bodies.ts";
import type { Service } from "./service.ts";

export type CollectionView = z.infer<typeof ViewBody>;

type Deps = Pick<Service, "config" | "clock" | "store" | "embedders">;

/** To look with a caller's eyes: at the collections that it may see. */
export function toVisible(deps: Deps, caller: Caller): Deps {
  return { ...deps, store: toVisibleStore(deps.store, caller) };
}

/**
 * Every collection, sorted by name; one that cannot be opened is in the list with its code. What is seen is kept for
 * runs: the first ones of a process would else have nothing to go by when the store is late. Throws AppError store_unavailable.
 */
export async function inspectCollections(
  deps: Deps,
  signal: AbortSignal,
): Promise<readonly CollectionView[]> {
  const atMs = deps.clock.now();
  const names = await listCollections(deps, signal);
  keepNames(recall(deps.store), { value: names, atMs });
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
    return { name, status: "unavailable", ...explain(thrown, deps.config) };
  }
}

/** What is wrong with the store or a collection, with what can be done. */
export function explain(thrown: unknown, { healthTimeoutMs }: Pick<Config, "healthTimeoutMs">) {
  const { code, detail } = toAppError(thrown);
  if (detail !== undefined) return { code, detail };
  if (code !== "deadline_exceeded") return { code };
  return {
    code,
    detail: `the store did not answer within ${healthTimeoutMs} ms (HEALTH_TIMEOUT_MS); look at where it is and at the way there`,
  };
}

/** One collection. Throws AppError: collection_not_found, collection_unavailable, deadline_exceeded. */
export async function describeCollection(
  { config, clock, store, embedders }: Deps,
  name: string,
  signal: AbortSignal,
): Promise<z.infer<typeof Collection>> {
  const budgetMs = config.healthTimeoutMs;
  const atMs = clock.now();
  using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "open" });
  const snapshot = await store.open(name, deadline.signal);
  recall(store).snapshots.set(name, { value: snapshot, atMs });
  const { info } = snapshot;
  const lost = (await snapshot.lost?.(deadline.signal)) ?? [];
  return {
    ...info,
    embedderReady: embedders.has(info.embedder),
    ...(lost.length === 0 ? {} : { lost: lost.map(({ part, error }) => error.detail ?? part) }),
  };
}
