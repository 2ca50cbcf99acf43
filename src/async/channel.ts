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

/** Creates a channel. It can be iterated once. */
export function createChannel<T>({ capacity, onLeave }: ChannelOptions): Channel<T> {
  const queue: T[] = [];
  const blocked: (() => void)[] = [];
  let wake: (() => void) | undefined;
  let closed = false;
  const unblock = (): void => {
    for (const resume of blocked.splice(0)) resume();
  };
  return {
    push(value) {
      if (closed) return Promise.resolve();
      queue.push(value);
      wake?.();
      if (queue.length <= capacity) return Promise.resolve();
      return new Promise((resolve) => blocked.push(resolve));
    },
    close() {
      closed = true;
      wake?.();
      unblock();
    },
    async *[Symbol.asyncIterator]() {
      let drained = false;
      try {
        for (;;) {
          const value = queue.shift();
          if (value !== undefined) {
            if (queue.length <= capacity) unblock();
            yield value;
          } else if (closed) {
            drained = true;
            return;
          } else {
            await new Promise<void>((resolve) => (wake = resolve));
          }
        }
      } finally {
        closed = true;
        queue.length = 0;
        unblock();
        if (!drained) onLeave?.();
      }
    },
  };
}
