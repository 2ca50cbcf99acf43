/** Runs that are over, in memory: bounded in number, bytes and age, oldest out first. */
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
  const entries = new Map<string, Entry>();
  const idsByKey = new Map<string, string>();
  const expired = new Map<string, string>();
  let bytes = 0;

  const remove = (id: string, entry: Entry): void => {
    entries.delete(id);
    bytes -= entry.bytes.length + ENTRY_BYTES;
    const key = toScopedKey(entry.callerId, entry.keyName ?? "");
    if (idsByKey.get(key) === id) idsByKey.delete(key);
    expired.set(id, entry.callerId);
    const [oldest] = expired.keys();
    if (expired.size > runsMax && oldest !== undefined) expired.delete(oldest);
  };
  const makeRoom = (): void => {
    for (const [id, entry] of entries) {
      const isOld = clock.now() - entry.endedMs > ageMsMax;
      if (!isOld && entries.size <= runsMax && bytes <= bytesMax) return;
      remove(id, entry);
    }
  };
  const find = (id: string): Found => {
    makeRoom();
    const entry = entries.get(id);
    if (entry !== undefined) {
      return { status: "kept", run: JSON.parse(packer.unpack(entry.bytes)) as StoredRun };
    }
    const callerId = expired.get(id);
    return callerId === undefined ? { status: "unknown" } : { status: "expired", callerId };
  };

  return {
    get runs() {
      return entries.size;
    },
    get bytes() {
      return bytes;
    },
    async put(run) {
      const { id, callerId, key } = run;
      const entry = {
        bytes: packer.pack(JSON.stringify(run)),
        endedMs: clock.now(),
        callerId,
        keyName: key?.name,
      };
      entries.set(id, entry);
      bytes += entry.bytes.length + ENTRY_BYTES;
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
