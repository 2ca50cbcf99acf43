/** Ends a stream that has said all that counts but does not end by itself. */
import { createAlarm } from "./alarm.ts";
import type { Clock } from "./clock.ts";
import { follow, toAbortError } from "./deadline.ts";
import { relay } from "./relay.ts";

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
export function withGrace<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  options: GraceOptions<T>,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => bound(open, options) };
}

function bound<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { isLast, graceMs, clock, signal }: GraceOptions<T>,
): AsyncIterator<T, undefined> {
  const child = new AbortController();
  const unlink = follow(signal, child);
  /** What is left of the grace, once it has begun, and since when it is waited for. */
  let leftMs: number | undefined;
  let sinceMs = 0;
  let isOver = false;
  const alarm = createAlarm(clock, () => {
    isOver = true;
    child.abort(toAbortError(undefined));
  });
  return relay(() => open(child.signal), {
    onAsk() {
      if (leftMs === undefined) return;
      sinceMs = clock.now();
      alarm.set(leftMs);
    },
    onItem(item) {
      alarm.off();
      if (leftMs !== undefined) leftMs = Math.max(0, leftMs - (clock.now() - sinceMs));
      else if (isLast(item)) leftMs = graceMs;
    },
    isEnd: () => isOver && !signal.aborted,
    async onOver(_over, close) {
      alarm.close();
      unlink();
      await close();
    },
  });
}
