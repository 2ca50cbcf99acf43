/** Lets a stage work on the next item while the stage after it is busy with the current one. */

/**
 * The same items in the same order, with up to `itemsMax` asked for before they are wanted. A failure
 * surfaces where its item would have; when the consumer leaves, the source is ended and awaited.
 */
export async function* readAhead<T>(source: AsyncIterable<T>, itemsMax: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const result = iterator.next();
    result.catch(() => undefined); // it is awaited below, in its turn
    pending.push(result);
  };
  try {
    for (;;) {
      while (pending.length <= itemsMax) ask();
      const result = await pending.shift();
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    await Promise.allSettled(pending);
    await iterator.return?.();
  }
}
