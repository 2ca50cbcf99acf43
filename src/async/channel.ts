/** A queue between one producer that pushes and one consumer that iterates. */

export interface Channel<T> extends AsyncIterable<T> {
  /** Hands a value over. Ignored once closed. Resolves when the consumer has caught up to `capacity` values. */
  push(value: T): Promise<void>;
  /** No more values; the consumer gets what is queued, then the end. */
  close(): void;
}

export interface ChannelOptions {
  /** Values queued before `push` makes the producer wait. */
  readonly capacity: number;
  /** Called once when the consumer leaves before the end. */
  readonly onLeave?: () => void;
}

const READY = Promise.resolve();

/**
 * Creates a channel. It can be iterated once. The iterator is written by hand because a generator's
 * `return` waits for the `next` under way: a consumer that leaves while it waits would go unnoticed
 * until the next value.
 */
export function createChannel<T>({ capacity, onLeave }: ChannelOptions): Channel<T> {
  const queue: T[] = [];
  const blocked: (() => void)[] = [];
  /** Consumers that wait for a value: one, unless somebody asks for the next before the last has come. */
  const waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  let closed = false;
  let iterated = false;
  /** The consumer has had everything, or has left. */
  let ended = false;
  const toEnd = (): IteratorResult<T, undefined> => {
    ended = true;
    return { value: undefined, done: true };
  };
  const unblock = (): void => {
    for (const resume of blocked.splice(0)) resume();
  };
  const close = (): void => {
    closed = true;
    for (const resolve of waiting.splice(0)) resolve(toEnd());
    unblock();
  };
  // No async function: it would hold a frame and two promises more for every value that is waited for.
  const next = (): Promise<IteratorResult<T, undefined>> => {
    if (queue.length > 0) {
      const value = queue.shift() as T;
      if (queue.length <= capacity) unblock();
      return Promise.resolve({ value, done: false });
    }
    if (closed) return Promise.resolve(toEnd());
    return new Promise((resolve) => waiting.push(resolve));
  };
  const leave = (): Promise<IteratorResult<T, undefined>> => {
    const early = !ended;
    ended = true;
    queue.length = 0;
    close();
    if (early) onLeave?.();
    return Promise.resolve({ value: undefined, done: true });
  };
  return {
    push(value) {
      if (closed) return READY;
      const hand = waiting.shift();
      if (hand === undefined) queue.push(value);
      else hand({ value, done: false });
      if (queue.length <= capacity) return READY;
      return new Promise((resolve) => blocked.push(resolve));
    },
    close,
    [Symbol.asyncIterator]() {
      if (iterated) throw new Error("a channel can be iterated once");
      iterated = true;
      return { next, return: leave };
    },
  };
}
