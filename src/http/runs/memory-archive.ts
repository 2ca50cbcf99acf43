/** Runs that are over, in memory: bounded in number, bytes and age. Whoever holds most loses the oldest first. */
import type { Clock } from "../../async/clock.ts";
import {
  type ArchiveLimits,
  type Found,
  type RunArchive,
  type StoredRun,
  toScopedKey,
} from "./archive.ts";
import { createMarkShelf, createShelf, type Kept, type ShelfEntry } from "./shelf.ts";
import { plainPacker, type TextPacker } from "./text-packer.ts";

/** A run as bytes, so that its size is known exactly and lies outside the heap. */
interface Entry extends ShelfEntry {
  readonly packed: Uint8Array;
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
  limits: ArchiveLimits,
  clock: Clock,
  packer: TextPacker = plainPacker,
): MemoryArchive {
  const shelf = createShelf<Entry>(limits);
  const idsByKey = new Map<string, string>();
  const marks = createMarkShelf(limits);

  const remove = ([id, entry]: Kept<Entry>): void => {
    shelf.remove([id, entry]);
    const key = toScopedKey(entry.callerId, entry.keyName ?? "");
    if (idsByKey.get(key) === id) idsByKey.delete(key);
    marks.leave(id, entry.callerId);
  };
  const makeRoom = (): void => {
    for (;;) {
      const surplus = shelf.findSurplus(clock.now());
      if (surplus === undefined) return;
      remove(surplus);
    }
  };
  const find = (id: string): Found => {
    makeRoom();
    const entry = shelf.entries.get(id);
    if (entry !== undefined) {
      return { status: "kept", run: JSON.parse(packer.unpack(entry.packed)) as StoredRun };
    }
    const callerId = marks.find(id);
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
      const packed = packer.pack(JSON.stringify(run));
      const entry = {
        packed,
        bytes: packed.length + ENTRY_BYTES,
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
