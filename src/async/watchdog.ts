/** Ends a stream that has gone silent: a limit on the wait for its first item and on each gap after it. */
import { AppError } from "../errors.ts";
import { createAlarm } from "./alarm.ts";
import type { Clock } from "./clock.ts";
import { follow, toAbortError } from "./deadline.ts";
import { relay } from "./relay.ts";

export interface WatchdogOptions {
  /** Longest wait for the first item. */
  readonly firstMs: number;
  /** Longest silence between two items. The consumer's own time between them does not count. */
  readonly gapMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For people, named in the error: `the chat model "m"`. */
  readonly source: string;
}

/**
 * The items of the stream that `open` starts. Every way out before its end (silence, the signal, a consumer
 * that leaves) aborts the signal `open` was given and then waits for the stream to end, so nothing runs on.
 * The stream must therefore end when its signal aborts. Throws AppError upstream_stalled, the signal's
 * reason as AppError, and whatever the stream throws.
 */
export function withWatchdog<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  options: WatchdogOptions,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => watch(open, options) };
}

function watch<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { firstMs, gapMs, clock, signal, source }: WatchdogOptions,
): AsyncIterator<T, undefined> {
  const child = new AbortController();
  const unlink = follow(signal, child);
  let limitMs = firstMs;
  const alarm = createAlarm(clock, () => {
    const detail = `${source} sent nothing for ${limitMs} ms`;
    child.abort(new AppError("upstream_stalled", { detail }));
  });
  const openUnlessAborted = (): AsyncIterable<T> => {
    child.signal.throwIfAborted();
    return open(child.signal);
  };
  return relay(openUnlessAborted, {
    onAsk: () => alarm.set(limitMs),
    onItem() {
      alarm.off();
      child.signal.throwIfAborted();
      limitMs = gapMs;
    },
    async onOver({ how }, close) {
      alarm.close();
      unlink();
      // A stream that was aborted may end as if it were complete; one that ended has nothing left to abort.
      const { aborted } = child.signal;
      if (!aborted && how !== "ended") child.abort(new AppError("cancelled"));
      await close();
      if (aborted && how !== "left") throw toAbortError(child.signal.reason);
    },
  });
}
