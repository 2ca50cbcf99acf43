/** A queue that takes turns between its keys: one that fills it cannot starve the others. */

export interface FairQueue<T> {
  readonly size: number;
  /** Items of this key that wait. */
  count(key: string): number;
  /** An item may be in the queue once. */
  push(key: string, item: T): void;
  /** Takes it out, wherever it stands. Nothing happens when it is not there. */
  remove(key: string, item: T): void;
  /** The first item of the key whose turn it is. */
  shift(): T | undefined;
  /**
   * The item whose place this key may have when there is none left: the last one of the key with the most,
   * if that key would still not have fewer than this one. It stays where it is.
   */
  findSurplus(key: string): T | undefined;
  /** Takes everything out. */
  clear(): readonly T[];
}

/** Creates an empty queue. Keys take turns (round robin), the items of one key go first come, first served. */
export function createFairQueue<T>(): FairQueue<T> {
  /** In the order of the keys' turns: a key that was served is put behind the others. */
  const turns = new Map<string, Set<T>>();
  let size = 0;

  const remove = (key: string, item: T): void => {
    const items = turns.get(key);
    if (items?.delete(item) !== true) return;
    size -= 1;
    if (items.size === 0) turns.delete(key);
  };

  return {
    get size() {
      return size;
    },
    count: (key) => turns.get(key)?.size ?? 0,
    push(key, item) {
      const items = turns.get(key);
      if (items === undefined) turns.set(key, new Set([item]));
      else items.add(item);
      size += 1;
    },
    remove,
    shift() {
      const [turn] = turns;
      if (turn === undefined) return undefined;
      const [key, items] = turn;
      const [item] = items;
      remove(key, item as T);
      if (turns.delete(key)) turns.set(key, items);
      return item;
    },
    findSurplus(key) {
      let most: Set<T> | undefined;
      for (const items of turns.values()) if (items.size > (most?.size ?? 0)) most = items;
      const own = turns.get(key)?.size ?? 0;
      return most !== undefined && most.size > own + 1 ? [...most].at(-1) : undefined;
    },
    clear() {
      const all = [...turns.values()].flatMap((items) => [...items]);
      turns.clear();
      size = 0;
      return all;
    },
  };
}
