/** What one producer makes, kept from its start, for any number of readers that come early or late, each at its own pace. */
import type { Clock } from "./clock.ts";

export interface Broadcast<T> {
  /** Everything so far, in order. */
  readonly items: readonly T[];
  /** There will be no more. */
  readonly closed: boolean;
  /** Ignored once closed. Resolves when the producer may go on; at once when nobody reads. */
  push(item: T): Promise<void>;
  /** No more items; readers get what there is, then the end. */
  close(): void;
  /** A reader of everything after the first `after` items. It counts as one who waits until it leaves. */
  read(after?: number): Reader<T>;
}

export interface Reader<T> {
  /** It has had everything, or has left. */
  readonly over: boolean;
  /**
   * What has come since the last call, but no more at a time than the producer may be ahead. Waits up
   * to `waitMs` until there are `bytesMin` bytes, or the end. Empty: nothing came in time, or it is over.
   */
  read(waitMs: number, bytesMin?: number): Promise<readonly T[]>;
  /** Wants no more, and may say why. Safe to repeat. */
  leave(reason?: Error): void;
}

export interface BroadcastOptions<T> {
  readonly clock: Clock;
  /** Size of an item in bytes, or near it; at least 1. */
  readonly sizeOf: (item: T) => number;
  /** Bytes the foremost reader may be behind before the producer waits for it. */
  readonly aheadBytesMax: number;
  /** Called when the last reader has left before the end. */
  readonly onAlone?: (reason?: Error) => void;
}

/** Longest wait that a timer can do. */
export const WAIT_MS_MAX = 2 ** 31 - 1;

/** Where a reader is: the next item, and the bytes it has had. */
interface Place {
  at: number;
  bytes: number;
  /** It waits until so many bytes have been pushed. */
  wakeAtBytes: number;
  wake: () => void;
}

const READY = Promise.resolve();
const NOTHING: Promise<readonly never[]> = Promise.resolve([]);
const nothing = (): void => undefined;

/**
 * Creates a broadcast of which nothing has been sent. Whoever uses it bounds what is sent. A waiting
 * reader costs one promise a wait, not one an item.
 */
export function createBroadcast<T>(options: BroadcastOptions<T>): Broadcast<T> {
  return new Sending(options);
}

class Sending<T> implements Broadcast<T> {
  readonly #options: BroadcastOptions<T>;
  readonly #places = new Set<Place>();
  #pushedBytes = 0;
  #resume = nothing;
  readonly items: T[] = [];
  closed = false;

  constructor(options: BroadcastOptions<T>) {
    this.#options = options;
  }

  push(item: T): Promise<void> {
    if (this.closed) return READY;
    this.items.push(item);
    this.#pushedBytes += this.#options.sizeOf(item);
    for (const place of this.#places) if (this.#pushedBytes >= place.wakeAtBytes) place.wake();
    if (!this.#mustWait()) return READY;
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = nothing;
        resolve();
      };
    });
  }

  close(): void {
    this.closed = true;
    for (const place of this.#places) place.wake();
    this.#resume();
  }

  read(after = 0): Reader<T> {
    const at = Math.min(after, this.items.length);
    const { sizeOf, clock, onAlone } = this.#options;
    const bytes = this.items.slice(0, at).reduce((sum, item) => sum + sizeOf(item), 0);
    const place: Place = { at, bytes, wakeAtBytes: 0, wake: nothing };
    this.#places.add(place);
    const isHere = (): boolean => this.#places.has(place);
    const isOver = (): boolean => !isHere() || (this.closed && place.at === this.items.length);
    return {
      get over() {
        return isOver();
      },
      // No async function: thousands of readers wait at the same time, and each would hold a frame for it.
      read: (waitMs, bytesMin = 1) => {
        if (isOver()) return NOTHING;
        const isThere = this.closed || this.#pushedBytes - place.bytes >= bytesMin;
        if (isThere || waitMs <= 0) return Promise.resolve(this.#take(place));
        place.wakeAtBytes = place.bytes + Math.min(bytesMin, this.#options.aheadBytesMax);
        return new Promise((resolve) => {
          const cancel = clock.timer(waitMs, () => place.wake());
          place.wake = () => {
            place.wake = nothing;
            cancel();
            resolve(isHere() ? this.#take(place) : []);
          };
        });
      },
      leave: (reason) => {
        if (!this.#places.delete(place)) return;
        place.wake();
        this.#resumeIfRoom();
        if (this.#places.size === 0 && !this.closed) onAlone?.(reason);
      },
    };
  }

  #take(place: Place): readonly T[] {
    const from = place.at;
    const { sizeOf, aheadBytesMax } = this.#options;
    const untilBytes = place.bytes + aheadBytesMax;
    while (place.at < this.items.length && (place.at === from || place.bytes < untilBytes)) {
      place.bytes += sizeOf(this.items[place.at] as T);
      place.at += 1;
    }
    const batch = this.items.slice(from, place.at);
    this.#resumeIfRoom();
    return batch;
  }

  #mustWait(): boolean {
    if (this.closed || this.#places.size === 0) return false;
    for (const { bytes } of this.#places) {
      if (this.#pushedBytes - bytes <= this.#options.aheadBytesMax) return false;
    }
    return true;
  }

  #resumeIfRoom(): void {
    if (this.#resume !== nothing && !this.#mustWait()) this.#resume();
  }
}
