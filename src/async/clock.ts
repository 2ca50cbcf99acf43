/** Time as a port, so that tests own it. Durations come from a clock that never jumps. */

export interface Clock {
  /** Monotonic milliseconds from an arbitrary start. */
  now(): number;
  /** Calls `fire` once after `ms` (at most 24 days); the result cancels it. */
  timer(ms: number, fire: () => void): () => void;
}

/** Beyond it `setTimeout` overflows and fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  timer(ms, fire) {
    const handle = setTimeout(fire, Math.min(ms, TIMER_MS_MAX));
    return () => clearTimeout(handle);
  },
};

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
