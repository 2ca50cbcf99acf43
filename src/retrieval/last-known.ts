/** What runs last saw of a store: for when it does not answer in time, and to tell beforehand what a question will need. */
import type { ReadStore, Snapshot } from "../stores/store.ts";

export interface Seen<T> {
  readonly value: T;
  readonly atMs: number;
}

export interface LastKnown {
  /** Every collection there was. */
  names?: Seen<readonly string[]>;
  /** By name. Those that do not exist any more are taken out. */
  readonly snapshots: Map<string, Seen<Snapshot>>;
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
  const known = memory.get(store) ?? { snapshots: new Map() };
  memory.set(store, known);
  return known;
}
