/** The store as a caller sees it: a collection the caller may not see is not there, in any list or error. */
import { createLru, type Lru } from "../async/lru.ts";
import type { Caller } from "../domain/caller.ts";
import { AppError } from "../errors.ts";
import type { ReadStore } from "../stores/store.ts";

/** Sets of collections whose views are kept: as many as there may be keys. */
const VIEWS_MAX = 10_000;
const views = new WeakMap<ReadStore, Lru<ReadStore>>();

/** The same store without the other collections. One view for all who see the same, so that runs find what was last seen of it. */
export function toVisibleStore(store: ReadStore, { collections }: Caller): ReadStore {
  if (collections === undefined) return store;
  const kept = views.get(store) ?? createLru({ entriesMax: VIEWS_MAX, bytesMax: Infinity });
  views.set(store, kept);
  const key = [...collections].toSorted().join(" ");
  const view = kept.get(key) ?? createView(store, collections);
  kept.set(key, view, 0);
  return view;
}

function createView(store: ReadStore, collections: ReadonlySet<string>): ReadStore {
  return {
    kind: store.kind,
    partOf: store,
    list: async (signal) => (await store.list(signal)).filter((name) => collections.has(name)),
    async open(name, signal) {
      if (collections.has(name)) return store.open(name, signal);
      throw toHidden(name);
    },
  };
}

/** What is said of a collection that the caller may not see: the words of a store that does not have it. */
export function toHidden(name: string): AppError {
  return new AppError("collection_not_found", { detail: `there is no collection "${name}"` });
}
