/** What one producer makes, kept from its start, for any number of readers that come early or late. */
import type { Clock } from "./clock.ts";

export interface Replay<T> {
  /** Everything so far, in order. */
  readonly items: readonly T[];
  readonly closed: boolean;
  /** Ignored once closed. Resolves when the foremost reader is at most `aheadMax` items behind; at once when nobody reads. */
  push(item: T): Promise<void>;
  /** There will be no more. */
  close(): void;
  /** A reader of everything after the first `after` items. It counts as one who waits until it leaves. */
  read(after?: number): Reader<T>;
}

export interface Reader<T> {
  /** What has come since the last call; waits for the first up to `waitMs`. Empty: nothing came in time, or nothing will. */
  read(waitMs: number): Promise<readonly T[]>;
  /** Wants no more, and may say why. Safe to repeat. */
  leave(reason?: Error): void;
}

export interface ReplayOptions {
  readonly clock: Clock;
  /** Items the foremost reader may be behind before `push` makes the producer wait. */
  readonly aheadMax: number;
  /** Called when the last reader has left before the end. */
  readonly onAlone?: (reason?: Error) => void;
}

/** Longest wait that a timer can do. */
export const WAIT_MS_MAX = 2 ** 31 - 1;

interface Place {
  at: number;
  wake: () => void;
}

/** Creates an empty replay. It has one producer. */
export function createReplay<T>({ clock, aheadMax, onAlone }: ReplayOptions): Replay<T> {
  const items: T[] = [];
  const places = new Set<Place>();
  let closed = false;
  let resume: () => void = () => undefined;

  const isAhead = (): boolean => {
    let foremost = -1;
    for (const { at } of places) foremost = Math.max(foremost, at);
    return !closed && foremost >= 0 && items.length - foremost > aheadMax;
  };
  const wakeAll = (): void => {
    for (const place of places) place.wake();
  };
  const arrival = (place: Place, waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.timer(waitMs, () => place.wake());
      place.wake = () => {
        cancel();
        place.wake = () => undefined;
        resolve();
      };
    });

  return {
    items,
    get closed() {
      return closed;
    },
    async push(item) {
      if (closed) return;
      items.push(item);
      wakeAll();
      while (isAhead()) await new Promise<void>((resolve) => (resume = resolve));
    },
    close() {
      closed = true;
      wakeAll();
      resume();
    },
    read(after = 0) {
      const place: Place = { at: Math.min(after, items.length), wake: () => undefined };
      places.add(place);
      return {
        async read(waitMs) {
          const isHere = (): boolean => places.has(place);
          if (isHere() && place.at === items.length && !closed) await arrival(place, waitMs);
          if (!isHere()) return [];
          const batch = items.slice(place.at);
          place.at = items.length;
          resume();
          return batch;
        },
        leave(reason) {
          if (!places.delete(place)) return;
          place.wake();
          resume();
          if (places.size === 0 && !closed) onAlone?.(reason);
        },
      };
    },
  };
}
