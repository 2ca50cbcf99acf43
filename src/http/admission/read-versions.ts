/** Which versions of the collections a run would read if it began now. */
import pMap from "p-map";
import type { Pinned } from "../../answer.ts";
import { startDeadline } from "../../async/deadline.ts";
import { toVisibleStore } from "../../access/visible-store.ts";
import type { Config } from "../../config.ts";
import type { Ask } from "../../domain/ask.ts";
import type { Service } from "../service.ts";

/** The same collections, in the same making and version. */
export function isSame(a: Pinned, b: Pinned): boolean {
  return areEqual(a.versions, b.versions) && areEqual(a.instances, b.instances);
}

/** Same names, each with the same value. */
function areEqual<T>(a: Readonly<Record<string, T>>, b: typeof a): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Of a caller's time no more goes into this: an answer needs the rest. */
const TIME_SHARE_MAX = 1 / 4;

/** Time to find out what there is now. */
export function toLookBudgetMs({ searchTimeoutMs }: Config, { deadlineMs }: Ask): number {
  return Math.min(searchTimeoutMs, TIME_SHARE_MAX * deadlineMs);
}

/** Throws AppError: store_unavailable, deadline_exceeded. */
export async function readVersions(
  { config, clock, store }: Pick<Service, "config" | "clock" | "store">,
  ask: Ask,
  signal: AbortSignal,
): Promise<Pinned> {
  const budgetMs = toLookBudgetMs(config, ask);
  using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "open" });
  const visible = toVisibleStore(store, ask.caller);
  const names = ask.collections.length > 0 ? ask.collections : await visible.list(deadline.signal);
  const found = await pMap(
    names,
    async (name) => {
      try {
        const { info, instance = "" } = await visible.open(name, deadline.signal);
        return [{ name, version: info.version, instance }];
      } catch {
        deadline.signal.throwIfAborted();
        return []; // what its run will say of it; without it no two lists of versions are the same
      }
    },
    { concurrency: config.searchConcurrencyMax },
  );
  const opened = found.flat();
  return {
    versions: Object.fromEntries(opened.map(({ name, version }) => [name, version])),
    instances: Object.fromEntries(opened.map(({ name, instance }) => [name, instance])),
  };
}
