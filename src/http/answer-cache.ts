/** Answers kept for when the same is asked again: bounded in number, bytes and age, the longest unused out first. */
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";

export type Versions = Readonly<Record<string, number>>;

export interface AnswerCache {
  /** Whether there may be something to find, so that nobody looks up versions in vain. */
  has(key: string): boolean;
  /** All events of the run that answered this, from these versions. */
  find(key: string, versions: Versions): readonly RunEvent[] | undefined;
  put(key: string, versions: Versions, events: readonly RunEvent[]): void;
}

export interface AnswerCacheOptions {
  readonly clock: Clock;
  readonly sizeOf: (event: RunEvent) => number;
  /** 0: nothing is kept. */
  readonly runsMax: number;
  readonly bytesMax: number;
  readonly ageMsMax: number;
}

interface Entry {
  readonly versions: Versions;
  readonly events: readonly RunEvent[];
  readonly bytes: number;
  readonly atMs: number;
}

/** Creates an empty cache. */
export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  const { clock, sizeOf, runsMax, bytesMax, ageMsMax } = options;
  /** From the longest unused to the latest. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const remove = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  const get = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || clock.now() - entry.atMs <= ageMsMax) return entry;
    remove(key);
    return undefined;
  };

  return {
    has: (key) => get(key) !== undefined,
    find(key, versions) {
      const entry = get(key);
      if (entry === undefined) return undefined;
      if (!areEqual(entry.versions, versions)) {
        remove(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return entry.events;
    },
    put(key, versions, events) {
      remove(key);
      const size = events.reduce((sum, event) => sum + sizeOf(event), key.length);
      if (runsMax === 0 || size > bytesMax) return;
      entries.set(key, { versions, events, bytes: size, atMs: clock.now() });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= runsMax && bytes <= bytesMax) return;
        remove(oldest);
      }
    },
  };
}

/** Same collections, each in the same version. */
export function areEqual(a: Versions, b: Versions): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
