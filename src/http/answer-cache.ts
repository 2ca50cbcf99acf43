/** Answers kept for when the same is asked again: bounded in number, bytes and age, the longest unused out first. */
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";
import type { Seen } from "./read-versions.ts";

export interface AnswerCache {
  /** All events of the run that answered this, from the same collections in the same versions. */
  find(key: string, seen: Seen): readonly RunEvent[] | undefined;
  put(key: string, seen: Seen, events: readonly RunEvent[]): void;
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
  readonly seen: Seen;
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
    find(key, seen) {
      const entry = get(key);
      if (entry === undefined) return undefined;
      if (!isSame(entry.seen, seen)) {
        remove(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return entry.events;
    },
    put(key, seen, events) {
      remove(key);
      const size = events.reduce((sum, event) => sum + sizeOf(event), key.length);
      if (runsMax === 0 || size > bytesMax) return;
      entries.set(key, { seen, events, bytes: size, atMs: clock.now() });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= runsMax && bytes <= bytesMax) return;
        remove(oldest);
      }
    },
  };
}

/** The same collections, in the same making and version. */
export function isSame(a: Seen, b: Seen): boolean {
  return areEqual(a.versions, b.versions) && areEqual(a.instances, b.instances);
}

/** Same names, each with the same value. */
function areEqual<T>(a: Readonly<Record<string, T>>, b: typeof a): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
