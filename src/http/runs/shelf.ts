/** What an archive holds, the oldest first, and how much of it is whose: whoever holds most loses the oldest first. */
import type { ArchiveLimits } from "./archive.ts";

/** What is known of a kept run without reading it. */
export interface ShelfEntry {
  readonly callerId: string;
  readonly bytes: number;
  readonly endedMs: number;
}

export type Kept<E extends ShelfEntry> = readonly [id: string, entry: E];

export interface Shelf<E extends ShelfEntry> {
  readonly entries: ReadonlyMap<string, E>;
  readonly bytes: number;
  add(kept: Kept<E>): void;
  remove(kept: Kept<E>): void;
  /** The one that has to go next; undefined when everything is within its limits. */
  findSurplus(nowMs: number): Kept<E> | undefined;
}

/** Creates an empty shelf. One caller's runs push out no other's as long as that one holds more. */
export function createShelf<E extends ShelfEntry>({
  runsMax,
  bytesMax,
  ageMsMax,
}: ArchiveLimits): Shelf<E> {
  const all = new Share<E>();
  const shares = new Map<string, Share<E>>();
  const oldestOfLargest = (measure: (share: Share<E>) => number): Kept<E> | undefined =>
    [...shares.values()].reduce((a, b) => (measure(b) > measure(a) ? b : a), new Share<E>()).oldest;
  return {
    entries: all.entries,
    get bytes() {
      return all.bytes;
    },
    add([id, entry]) {
      const share = shares.get(entry.callerId) ?? new Share<E>();
      shares.set(entry.callerId, share);
      for (const one of [all, share]) one.add(id, entry);
    },
    remove([id, entry]) {
      const share = shares.get(entry.callerId);
      for (const one of share === undefined ? [all] : [all, share]) one.remove(id);
      if (share?.size === 0) shares.delete(entry.callerId);
    },
    findSurplus(nowMs) {
      const { oldest } = all;
      if (oldest !== undefined && nowMs - oldest[1].endedMs > ageMsMax) return oldest;
      if (all.size > runsMax) return oldestOfLargest(({ size }) => size);
      if (all.bytes > bytesMax) return oldestOfLargest(({ bytes }) => bytes);
      return undefined;
    },
  };
}

/** Of runs that went, whose they were: as many as runs are kept, and whoever has most of them loses the oldest first. */
export interface MarkShelf {
  /** Gives the run whose mark had to go for it. */
  leave(id: string, callerId: string): string | undefined;
  /** Whose it was. */
  find(id: string): string | undefined;
}

/** Creates an empty one. */
export function createMarkShelf({ runsMax }: Pick<ArchiveLimits, "runsMax">): MarkShelf {
  const unbounded = { bytesMax: Number.POSITIVE_INFINITY, ageMsMax: Number.POSITIVE_INFINITY };
  const shelf = createShelf<ShelfEntry>({ runsMax, ...unbounded });
  return {
    leave(id, callerId) {
      const known = shelf.entries.get(id);
      if (known !== undefined) shelf.remove([id, known]);
      shelf.add([id, { callerId, bytes: 0, endedMs: 0 }]);
      const surplus = shelf.findSurplus(0);
      if (surplus !== undefined) shelf.remove(surplus);
      return surplus?.[0];
    },
    find: (id) => shelf.entries.get(id)?.callerId,
  };
}

/** What one caller holds, or all of them together. */
class Share<E extends ShelfEntry> {
  readonly entries = new Map<string, E>();
  bytes = 0;

  get size(): number {
    return this.entries.size;
  }

  get oldest(): Kept<E> | undefined {
    const [oldest] = this.entries;
    return oldest;
  }

  add(id: string, entry: E): void {
    this.entries.set(id, entry);
    this.bytes += entry.bytes;
  }

  remove(id: string): void {
    this.bytes -= this.entries.get(id)?.bytes ?? 0;
    this.entries.delete(id);
  }
}
