/** Ends a stream that has said all that counts but does not end by itself. */
import type { Clock } from "./clock.ts";
import { toAbortError } from "./deadline.ts";

export interface GraceOptions<T> {
  /** Whether this item says that only trifles can follow. */
  readonly isLast: (item: T) => boolean;
  /** How long the trifles are waited for in all. The consumer's own time does not count. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The items of the stream that `open` starts. When `graceMs` have been waited behind the item that says
 * so, the signal that `open` was given aborts and the items end as if the stream had. The stream must end when its signal
 * aborts. Throws what the stream throws before that.
 */
export async function* withGrace<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { isLast, graceMs, clock, signal }: GraceOptions<T>,
): AsyncGenerator<T, void, undefined> {
  const child = new AbortController();
  const onAbort = (): void => child.abort(toAbortError(signal.reason));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  /** What is left of the grace, once it has begun. */
  let leftMs: number | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    child.abort(toAbortError(undefined));
  };
  const iterator = open(child.signal)[Symbol.asyncIterator]() as AsyncIterator<T, undefined>;
  try {
    for (;;) {
      const startMs = clock.now();
      const cancelTimer = leftMs === undefined ? undefined : clock.timer(leftMs, end);
      const next = await iterator.next().finally(cancelTimer);
      if (next.done === true) return;
      if (leftMs !== undefined) leftMs = Math.max(0, leftMs - (clock.now() - startMs));
      if (isLast(next.value)) leftMs ??= graceMs;
      yield next.value;
    }
  } catch (thrown) {
    if (!isOver || signal.aborted) throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await iterator.return?.();
  }
}
