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

/**
 * Creates a channel. It can be iterated once. The iterator is written by hand because a generator's
 * `return` waits for the `next` under way: a consumer that leaves while it waits would go unnoticed
 * until the next value.
 */
export function createChannel<T>({ capacity, onLeave }: ChannelOptions): Channel<T> {
  const queue: T[] = [];
  const blocked: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  let closed = false;
  let iterated = false;
  /** The consumer has had everything, or has left. */
  let ended = false;
  const resumeAll = (resumes: (() => void)[]): void => {
    for (const resume of resumes.splice(0)) resume();
  };
  const close = (): void => {
    closed = true;
    resumeAll(waiting);
    resumeAll(blocked);
  };
  const next = async (): Promise<IteratorResult<T, undefined>> => {
    for (;;) {
      if (queue.length > 0 || closed) break;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    if (queue.length === 0) {
      ended = true;
      return { value: undefined, done: true };
    }
    const value = queue.shift() as T;
    if (queue.length <= capacity) resumeAll(blocked);
    return { value, done: false };
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
      if (closed) return Promise.resolve();
      queue.push(value);
      resumeAll(waiting);
      if (queue.length <= capacity) return Promise.resolve();
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
