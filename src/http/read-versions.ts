/** Which versions of the collections a run would read if it began now. */
import pMap from "p-map";
import { startDeadline } from "../async/deadline.ts";
import { toVisibleStore } from "../access/visible-store.ts";
import type { Ask } from "../domain/ask.ts";
import type { Versions } from "./answer-cache.ts";
import type { Service } from "./service.ts";

/** By name; a collection that does not open is not among them. Throws AppError: store_unavailable, deadline_exceeded. */
export async function readVersions(
  { config, clock, store }: Pick<Service, "config" | "clock" | "store">,
  ask: Ask,
  signal: AbortSignal,
): Promise<Versions> {
  const budgetMs = Math.min(config.searchTimeoutMs, ask.deadlineMs);
  using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "open" });
  const visible = toVisibleStore(store, ask.caller);
  const names = ask.collections.length > 0 ? ask.collections : await visible.list(deadline.signal);
  const found = await pMap(
    names,
    async (name) => {
      try {
        const { info } = await visible.open(name, deadline.signal);
        return [[name, info.version] as const];
      } catch {
        deadline.signal.throwIfAborted();
        return []; // what its run will say of it; without it no two lists of versions are the same
      }
    },
    { concurrency: config.searchConcurrencyMax },
  );
  return Object.fromEntries(found.flat());
}
