/** The store as a caller sees it: a collection the caller may not see is not there, in any list or error. */
import type { Caller } from "../domain/caller.ts";
import { AppError } from "../errors.ts";
import type { ReadStore } from "../stores/store.ts";

/** The same store without the other collections. */
export function toVisibleStore(store: ReadStore, { collections }: Caller): ReadStore {
  if (collections === undefined) return store;
  return {
    kind: store.kind,
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
