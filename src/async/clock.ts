/** Time as a port, so that tests own it. Durations come from a clock that never jumps. */

export interface Clock {
  /** Monotonic milliseconds from an arbitrary start. */
  now(): number;
  /** Calls `fire` once after `ms` (at most 24 days); the result cancels it. */
  timer(ms: number, fire: () => void): () => void;
}

/** Beyond it `setTimeout` overflows and fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** A timer that is later than this was held up by a busy process. */
const LATE_MS = 10;

/**
 * The process's own. A timer that fires late lets what has arrived meanwhile be read first: after a moment
 * without time for anything, an answer that is there already would else count as missing.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  timer(ms, fire) {
    const waitMs = Math.min(ms, TIMER_MS_MAX);
    const dueMs = performance.now() + waitMs;
    let cancel = (): void => clearTimeout(handle);
    const handle = setTimeout(() => {
      if (performance.now() - dueMs <= LATE_MS) fire();
      else cancel = afterInput(fire);
    }, waitMs);
    return () => cancel();
  },
};

/** Calls back when the input that waits has been handed out. */
function afterInput(fire: () => void): () => void {
  if (typeof setImmediate === "undefined") {
    const handle = setTimeout(fire, 0); // runtimes without a phase of their own for it
    return () => clearTimeout(handle);
  }
  const handle = setImmediate(fire);
  return () => clearImmediate(handle);
}

/** Resolves after `ms`, or rejects with the signal's reason at once when it aborts. Leaves no timer or listener behind. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.timer(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
