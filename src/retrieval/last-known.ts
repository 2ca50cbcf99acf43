/** What runs last saw of a store: for when it does not answer in time, and to tell beforehand what a question will need. */
import { oncePer } from "../async/once.ts";
import type { ReadStore, Snapshot } from "../stores/store.ts";

export interface Seen<T> {
  readonly value: T;
  readonly atMs: number;
}

export interface LastKnown {
  /** Every collection there was. */
  names?: Seen<readonly string[]>;
  /** By name. Those that do not exist any more are taken out. */
  readonly snapshots: Pick<Map<string, Seen<Snapshot>>, "get" | "set" | "delete" | "keys">;
}

/** Keeps a list of every collection, and nothing of those that are not in it. */
export function keepNames(known: LastKnown, names: Seen<readonly string[]>): void {
  known.names = names;
  const listed = new Set(names.value);
  for (const name of known.snapshots.keys()) if (!listed.has(name)) known.snapshots.delete(name);
}

const memory = new WeakMap<ReadStore, LastKnown>();

/** One for all runs on the store, to read and to write. */
export function recall(store: ReadStore): LastKnown {
  const known = memory.get(store) ?? { snapshots: toSnapshots(store) };
  memory.set(store, known);
  return known;
}

const latest = oncePer((_store: object) => new Map<string, Seen<Snapshot>>());

/** Held once for all parts of a store: one for each part would keep as many old versions in memory. */
function toSnapshots(store: ReadStore): LastKnown["snapshots"] {
  const all = latest(store.partOf ?? store);
  if (store.partOf === undefined) return all;
  /** Of those alone that were opened as this part. */
  const own = new Set<string>();
  return {
    get: (name) => (own.has(name) ? all.get(name) : undefined),
    set(name, seen) {
      own.add(name);
      return all.set(name, seen);
    },
    delete: (name) => own.delete(name) && all.delete(name),
    keys: () => own.keys(),
  };
}
