/** Answers kept for when the same is asked again: bounded in number, bytes and age, the longest unused out first. */
import type { Pinned } from "../../answer.ts";
import type { Clock } from "../../async/clock.ts";
import { createLru } from "../../async/lru.ts";
import type { RunEvent } from "../../domain/event.ts";
import { isSame } from "./read-versions.ts";

export interface AnswerCache {
  /** All events of the run that answered this, from the same collections in the same versions. */
  find(key: string, seen: Pinned): readonly RunEvent[] | undefined;
  put(key: string, seen: Pinned, events: readonly RunEvent[]): void;
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
  readonly seen: Pinned;
  readonly events: readonly RunEvent[];
  readonly atMs: number;
}

/** Creates an empty cache. */
export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  const { clock, sizeOf, runsMax, bytesMax, ageMsMax } = options;
  const kept = createLru<Entry>({ entriesMax: runsMax, bytesMax });
  return {
    find(key, seen) {
      const entry = kept.get(key);
      if (entry === undefined) return undefined;
      if (clock.now() - entry.atMs <= ageMsMax && isSame(entry.seen, seen)) return entry.events;
      kept.delete(key);
      return undefined;
    },
    put(key, seen, events) {
      const bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
      kept.set(key, { seen, events, atMs: clock.now() }, bytes);
    },
  };
}
