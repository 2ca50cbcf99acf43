/** Ends a stream that has said all that counts but does not end by itself. */
import type { Clock } from "./clock.ts";
import { toAbortError } from "./deadline.ts";

export interface GraceOptions<T> {
  /** Whether this item says that only trifles can follow. */
  readonly isLast: (item: T) => boolean;
  /** How long the trifles are waited for. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The items of the stream that `open` starts. `graceMs` after the item that says so, the signal that
 * `open` was given aborts and the items end as if the stream had. The stream must end when its signal
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
  let cancelTimer: (() => void) | undefined;
  let isOver = false;
  const end = (): void => {
    isOver = true;
    child.abort(toAbortError(undefined));
  };
  try {
    for await (const item of open(child.signal)) {
      if (isLast(item)) cancelTimer ??= clock.timer(graceMs, end);
      yield item;
    }
  } catch (thrown) {
    if (!isOver || signal.aborted) throw thrown;
  } finally {
    cancelTimer?.();
    signal.removeEventListener("abort", onAbort);
  }
}
