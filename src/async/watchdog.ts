/** Ends a stream that has gone silent: a limit on the wait for its first item and on each gap after it. */
import { AppError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { toAbortError } from "./deadline.ts";

export interface WatchdogOptions<T> {
  /** Longest wait for the first item. */
  readonly firstMs: number;
  /** Longest silence between two items. The consumer's own time between them does not count. */
  readonly gapMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For people, named in the error: `the chat model "m"`. */
  readonly source: string;
  /** The item that proves the stream complete: a silence behind it costs nothing. Unset: there is none. */
  readonly isLast?: (item: T) => boolean;
}

/**
 * The items of the stream that `open` starts. Every way out (silence, the signal, a consumer that
 * leaves) aborts the signal `open` was given and then waits for the stream to end, so nothing runs on.
 * The stream must therefore end when its signal aborts. Throws AppError upstream_stalled, the signal's
 * reason as AppError, and whatever the stream throws.
 */
export async function* withWatchdog<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { firstMs, gapMs, clock, signal, source, isLast = () => false }: WatchdogOptions<T>,
): AsyncGenerator<T, void, undefined> {
  if (signal.aborted) throw toAbortError(signal.reason);
  const child = new AbortController();
  const onAbort = (): void => child.abort(toAbortError(signal.reason));
  signal.addEventListener("abort", onAbort, { once: true });
  let iterator: AsyncIterator<T> | undefined;
  try {
    iterator = open(child.signal)[Symbol.asyncIterator]();
    for (let limitMs = firstMs; ; limitMs = gapMs) {
      const cancelTimer = clock.timer(limitMs, () => {
        const detail = `${source} sent nothing for ${limitMs} ms`;
        child.abort(new AppError("upstream_stalled", { detail }));
      });
      const result = await iterator.next().finally(cancelTimer);
      // A stream that was aborted may end as if it were complete.
      if (child.signal.aborted) {
        if (signal.aborted || result.done === true || !isLast(result.value)) break;
        yield result.value;
        return;
      }
      if (result.done === true) return;
      yield result.value;
    }
  } catch (thrown) {
    if (!child.signal.aborted) throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!child.signal.aborted) child.abort(new AppError("cancelled"));
    await iterator?.return?.();
  }
  throw toAbortError(child.signal.reason);
}
