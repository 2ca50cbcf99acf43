/** One producer, many readers, each at its own pace; who comes late gets everything from the start. Bounded in bytes. */
import type { Clock } from "./clock.ts";

export interface Broadcast<T> {
  /** There will be no more. */
  readonly closed: boolean;
  /** Its start is still here: a reader that comes now misses nothing. */
  readonly isWhole: boolean;
  /** Ignored once closed. Resolves when the producer may go on; at once when nobody reads. */
  push(item: T): Promise<void>;
  /** No more items; readers get what there is, then the end. */
  close(): void;
  /** A reader of everything, from the first item. It counts as one who waits until it leaves. Throws RangeError when the start is gone. */
  read(): Reader<T>;
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
  /** Bytes kept for readers that come late or lag. Beyond it goes what all have read; then the producer waits for the slowest. */
  readonly keptBytesMax: number;
  /** Called when the last reader has left before the end. */
  readonly onAlone?: (reason?: Error) => void;
}

const READY = Promise.resolve();
const nothing = (): void => undefined;

/** Creates a broadcast of which nothing has been sent. A waiting reader costs one promise a wait, not one an item. */
export function createBroadcast<T>(options: BroadcastOptions<T>): Broadcast<T> {
  return new Sender(options);
}

class Sender<T> implements Broadcast<T> {
  readonly options: BroadcastOptions<T>;
  readonly items: T[] = [];
  readonly #places = new Set<Place<T>>();
  pushedBytes = 0;
  /** Bytes of what is gone from the front of `items`. */
  #goneBytes = 0;
  #resume = nothing;
  closed = false;

  constructor(options: BroadcastOptions<T>) {
    this.options = options;
  }

  get isWhole(): boolean {
    return this.#goneBytes === 0;
  }

  push(item: T): Promise<void> {
    if (this.closed) return READY;
    this.items.push(item);
    this.pushedBytes += this.options.sizeOf(item);
    for (const place of this.#places) {
      if (this.pushedBytes >= place.wakeAtBytes) place.wake();
    }
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

  read(): Reader<T> {
    if (!this.isWhole) throw new RangeError("the start of this broadcast is gone");
    const place = new Place(this);
    this.#places.add(place);
    return place;
  }

  has(place: Place<T>): boolean {
    return this.#places.has(place);
  }

  leave(place: Place<T>, reason: Error | undefined): void {
    if (!this.#places.delete(place)) return;
    place.wake();
    this.resumeIfRoom();
    if (this.#places.size === 0 && !this.closed) this.options.onAlone?.(reason);
  }

  resumeIfRoom(): void {
    if (this.#resume !== nothing && !this.#mustWait()) this.#resume();
  }

  #mustWait(): boolean {
    const { aheadBytesMax, keptBytesMax } = this.options;
    if (this.closed || this.#places.size === 0) return false;
    if (this.pushedBytes - this.#goneBytes > keptBytesMax) this.#trim();
    if (this.pushedBytes - this.#goneBytes > keptBytesMax) return true;
    for (const { bytes } of this.#places) {
      if (this.pushedBytes - bytes <= aheadBytesMax) return false;
    }
    return true;
  }

  /** Lets go what every reader has had. */
  #trim(): void {
    let at = this.items.length;
    let bytes = this.pushedBytes;
    for (const place of this.#places) {
      at = Math.min(at, place.at);
      bytes = Math.min(bytes, place.bytes);
    }
    this.items.splice(0, at);
    this.#goneBytes = bytes;
    for (const place of this.#places) place.at -= at;
  }
}

/** Where a reader is. */
class Place<T> implements Reader<T> {
  readonly #sender: Sender<T>;
  /** The next item. */
  at = 0;
  /** Of the items it has had. */
  bytes = 0;
  /** It waits until so many bytes have been pushed. */
  wakeAtBytes = 0;
  wake = nothing;

  constructor(sender: Sender<T>) {
    this.#sender = sender;
  }

  get over(): boolean {
    const { closed, items } = this.#sender;
    return !this.#sender.has(this) || (closed && this.at === items.length);
  }

  async read(waitMs: number, bytesMin = 1): Promise<readonly T[]> {
    if (this.over) return [];
    const { closed, pushedBytes } = this.#sender;
    const isThere = closed || pushedBytes - this.bytes >= bytesMin;
    if (!isThere && waitMs > 0) await this.#arrival(waitMs, bytesMin);
    return this.#sender.has(this) ? this.#take() : [];
  }

  leave(reason?: Error): void {
    this.#sender.leave(this, reason);
  }

  #arrival(waitMs: number, bytesMin: number): Promise<void> {
    const { clock, aheadBytesMax } = this.#sender.options;
    return new Promise((resolve) => {
      const cancel = clock.timer(waitMs, () => this.wake());
      this.wakeAtBytes = this.bytes + Math.min(bytesMin, aheadBytesMax);
      this.wake = () => {
        this.wake = nothing;
        cancel();
        resolve();
      };
    });
  }

  #take(): readonly T[] {
    const { items, options } = this.#sender;
    const from = this.at;
    const untilBytes = this.bytes + options.aheadBytesMax;
    while (this.at < items.length && (this.at === from || this.bytes < untilBytes)) {
      this.bytes += options.sizeOf(items[this.at] as T);
      this.at += 1;
    }
    const batch = items.slice(from, this.at);
    this.#sender.resumeIfRoom();
    return batch;
  }
}
