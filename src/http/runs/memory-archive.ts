/** Runs that are over, in memory: bounded in number, bytes and age. Whoever holds most loses the oldest first. */
import type { Clock } from "../../async/clock.ts";
import {
  type ArchiveLimits,
  type Found,
  type RunArchive,
  type StoredRun,
  toScopedKey,
} from "./archive.ts";
import { plainPacker, type TextPacker } from "./text-packer.ts";

/** A run as bytes, so that its size is known exactly and lies outside the heap. */
interface Entry {
  readonly bytes: Uint8Array;
  readonly endedMs: number;
  readonly callerId: string;
  readonly keyName: string | undefined;
}

/** Bytes an entry costs beside its events: the entry itself, two map slots, an id and its mark after it went. */
const ENTRY_BYTES = 1_000;

/** An archive whose size can be asked for. */
export interface MemoryArchive extends RunArchive {
  readonly runs: number;
  readonly bytes: number;
}

/** Creates an empty archive; `bytesMax` is of records as they are packed. Of runs that went, the last `runsMax` are remembered as expired. */
export function createMemoryArchive(
  { runsMax, bytesMax, ageMsMax }: ArchiveLimits,
  clock: Clock,
  packer: TextPacker = plainPacker,
): MemoryArchive {
  const shelf = createShelf();
  const idsByKey = new Map<string, string>();
  const expired = new Map<string, string>();

  const remove = ([id, entry]: Kept): void => {
    shelf.remove([id, entry]);
    const key = toScopedKey(entry.callerId, entry.keyName ?? "");
    if (idsByKey.get(key) === id) idsByKey.delete(key);
    expired.set(id, entry.callerId);
    const [oldest] = expired.keys();
    if (expired.size > runsMax && oldest !== undefined) expired.delete(oldest);
  };
  const makeRoom = (): void => {
    for (const kept of shelf.entries) {
      if (clock.now() - kept[1].endedMs <= ageMsMax) break;
      remove(kept);
    }
    while (shelf.entries.size > runsMax) remove(shelf.oldestOfLargest(({ size }) => size));
    while (shelf.bytes > bytesMax) remove(shelf.oldestOfLargest(({ bytes }) => bytes));
  };
  const find = (id: string): Found => {
    makeRoom();
    const entry = shelf.entries.get(id);
    if (entry !== undefined) {
      return { status: "kept", run: JSON.parse(packer.unpack(entry.bytes)) as StoredRun };
    }
    const callerId = expired.get(id);
    return callerId === undefined ? { status: "unknown" } : { status: "expired", callerId };
  };

  return {
    get runs() {
      return shelf.entries.size;
    },
    get bytes() {
      return shelf.bytes;
    },
    async put(run) {
      const { id, callerId, key } = run;
      const entry = {
        bytes: packer.pack(JSON.stringify(run)),
        endedMs: clock.now(),
        callerId,
        keyName: key?.name,
      };
      shelf.add([id, entry]);
      if (key !== undefined) idsByKey.set(toScopedKey(callerId, key.name), id);
      makeRoom();
    },
    async find(id) {
      return find(id);
    },
    async findByKey(callerId, name) {
      const found = find(idsByKey.get(toScopedKey(callerId, name)) ?? "");
      return found.status === "kept" ? found.run : undefined;
    },
  };
}

type Kept = readonly [id: string, entry: Entry];

/** What one caller holds, the oldest first. */
class Share {
  readonly entries = new Map<string, Entry>();
  bytes = 0;

  get size(): number {
    return this.entries.size;
  }
}

/** The runs, the oldest first, and how many of them are whose, so that one caller's push out no other's. */
function createShelf() {
  const all = new Share();
  const shares = new Map<string, Share>();
  return {
    entries: all.entries as ReadonlyMap<string, Entry>,
    get bytes() {
      return all.bytes;
    },
    add([id, entry]: Kept): void {
      const share = shares.get(entry.callerId) ?? new Share();
      shares.set(entry.callerId, share);
      for (const one of [all, share]) {
        one.entries.set(id, entry);
        one.bytes += entry.bytes.length + ENTRY_BYTES;
      }
    },
    remove([id, entry]: Kept): void {
      const share = shares.get(entry.callerId);
      for (const one of share === undefined ? [all] : [all, share]) {
        one.entries.delete(id);
        one.bytes -= entry.bytes.length + ENTRY_BYTES;
      }
      if (share?.size === 0) shares.delete(entry.callerId);
    },
    oldestOfLargest(measure: (share: Share) => number): Kept {
      const largest = [...shares.values()].reduce((a, b) => (measure(b) > measure(a) ? b : a));
      const [oldest] = largest.entries;
      if (oldest === undefined) throw new Error("a caller without runs has a share");
      return oldest;
    },
  };
}
