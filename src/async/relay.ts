/**
 * A stream that is passed on, and what is done beside it. By hand and not as a generator: this stands in
 * the way of every word of every answer, and costs one promise an item where a generator has half a dozen.
 */

export type Over =
  | { readonly how: "ended" | "left" }
  | { readonly how: "failed"; readonly thrown: unknown };

export interface RelayHooks<T> {
  /** The next item is asked for. */
  readonly onAsk?: () => void;
  /** It has come. What this throws is the stream's failure. */
  readonly onItem: (item: T) => void;
  /**
   * Called once, when there is no more: the stream ended or failed, or its consumer left. Closes the
   * stream; the consumer waits for that, and gets what is thrown here instead of the stream's failure.
   */
  readonly onOver: (over: Over, close: () => Promise<unknown>) => Promise<void>;
  /** Whether a failure is no more than the end. */
  readonly isEnd?: () => boolean;
}

/** What an iterator gives when there is no more. */
export const END = { value: undefined, done: true } as const;

/** The items of the stream that `open` starts when the first is asked for. Give it one consumer, which asks for one item at a time. */
export function relay<T>(
  open: () => AsyncIterable<T>,
  { onAsk, onItem, onOver, isEnd }: RelayHooks<T>,
): AsyncIterator<T, undefined> {
  let source: AsyncIterator<T> | undefined;
  let over: Promise<void> | undefined;
  const close = async (): Promise<unknown> => source?.return?.();
  const finish = (how: Over): Promise<void> => (over ??= onOver(how, close));
  const fail = async (thrown: unknown): Promise<typeof END> => {
    await finish({ how: "failed", thrown });
    if (isEnd?.() === true) return END;
    throw thrown;
  };
  const look = (
    next: IteratorResult<T, unknown>,
  ): IteratorResult<T, undefined> | Promise<typeof END> => {
    if (next.done === true) return finish({ how: "ended" }).then(() => END);
    try {
      onItem(next.value);
      return next;
    } catch (thrown) {
      return fail(thrown);
    }
  };
  return {
    next() {
      if (over !== undefined) return Promise.allSettled([over]).then(() => END);
      try {
        source ??= open()[Symbol.asyncIterator]();
        onAsk?.();
        return source.next().then(look, fail);
      } catch (thrown) {
        return fail(thrown);
      }
    },
    async return() {
      // How it failed its consumer has heard already.
      if (over === undefined) await finish({ how: "left" });
      else await Promise.allSettled([over]);
      return END;
    },
  };
}

/** A stream that has to be waited for before it is there; from then on it is that stream itself. */
export function openLater<T>(open: () => Promise<AsyncIterator<T, undefined>>): AsyncIterable<T> {
  const start = (): AsyncIterator<T, undefined> => {
    let opened: AsyncIterator<T, undefined> | undefined;
    return {
      next: () => opened?.next() ?? open().then((stream) => (opened = stream).next()),
      return: async () => (await opened?.return?.()) ?? END,
    };
  };
  return { [Symbol.asyncIterator]: start };
}
