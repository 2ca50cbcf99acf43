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

/** Where a reader is: the next item, and the bytes it has had. */
interface Place {
  at: number;
  bytes: number;
  /** It waits until so many bytes have been pushed. */
  wakeAtBytes: number;
  wake: () => void;
}

const READY = Promise.resolve();
const nothing = (): void => undefined;

/** Creates a broadcast of which nothing has been sent. A waiting reader costs one promise a wait, not one an item. */
export function createBroadcast<T>(options: BroadcastOptions<T>): Broadcast<T> {
  const { clock, sizeOf, aheadBytesMax, keptBytesMax, onAlone } = options;
  const items: T[] = [];
  const places = new Set<Place>();
  let pushedBytes = 0;
  /** Bytes of what is gone from the front of `items`. */
  let goneBytes = 0;
  let closed = false;
  let resume = nothing;

  /** Lets go what every reader has had. */
  const trim = (): void => {
    let at = items.length;
    let bytes = pushedBytes;
    for (const place of places) {
      at = Math.min(at, place.at);
      bytes = Math.min(bytes, place.bytes);
    }
    items.splice(0, at);
    goneBytes = bytes;
    for (const place of places) place.at -= at;
  };
  const mustWait = (): boolean => {
    if (closed || places.size === 0) return false;
    if (pushedBytes - goneBytes > keptBytesMax) trim();
    if (pushedBytes - goneBytes > keptBytesMax) return true;
    for (const place of places) if (pushedBytes - place.bytes <= aheadBytesMax) return false;
    return true;
  };
  const resumeIfRoom = (): void => {
    if (resume !== nothing && !mustWait()) resume();
  };
  const take = (place: Place): readonly T[] => {
    const from = place.at;
    const untilBytes = place.bytes + aheadBytesMax;
    while (place.at < items.length && (place.at === from || place.bytes < untilBytes)) {
      place.bytes += sizeOf(items[place.at] as T);
      place.at += 1;
    }
    const batch = items.slice(from, place.at);
    resumeIfRoom();
    return batch;
  };
  const arrival = (place: Place, waitMs: number, bytesMin: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.timer(waitMs, () => place.wake());
      place.wakeAtBytes = place.bytes + Math.min(bytesMin, aheadBytesMax);
      place.wake = () => {
        place.wake = nothing;
        cancel();
        resolve();
      };
    });

  return {
    get closed() {
      return closed;
    },
    get isWhole() {
      return goneBytes === 0;
    },
    push(item) {
      if (closed) return READY;
      items.push(item);
      pushedBytes += sizeOf(item);
      for (const place of places) if (pushedBytes >= place.wakeAtBytes) place.wake();
      if (!mustWait()) return READY;
      return new Promise((resolve) => {
        resume = () => {
          resume = nothing;
          resolve();
        };
      });
    },
    close() {
      closed = true;
      for (const place of places) place.wake();
      resume();
    },
    read() {
      if (goneBytes > 0) throw new RangeError("the start of this broadcast is gone");
      const place: Place = { at: 0, bytes: 0, wakeAtBytes: 0, wake: nothing };
      places.add(place);
      const isOver = (): boolean => !places.has(place) || (closed && place.at === items.length);
      return {
        get over() {
          return isOver();
        },
        async read(waitMs, bytesMin = 1) {
          if (isOver()) return [];
          const isThere = closed || pushedBytes - place.bytes >= bytesMin;
          if (!isThere && waitMs > 0) await arrival(place, waitMs, bytesMin);
          return places.has(place) ? take(place) : [];
        },
        leave(reason) {
          if (!places.delete(place)) return;
          place.wake();
          resumeIfRoom();
          if (places.size === 0 && !closed) onAlone?.(reason);
        },
      };
    },
  };
}
