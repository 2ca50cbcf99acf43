/** At most so many at once; the others wait in a bounded queue, first come first served. */
import { AppError } from "../errors.ts";

/** Runs the work when a slot is free. The slot is held until the work has settled, aborted or not. */
export type Limiter = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

export interface LimiterOptions {
  /** Most works at once; at least 1. */
  readonly concurrencyMax: number;
  /** Most works waiting; one more is refused with `overloaded`. */
  readonly queueMax: number;
}

/** Creates a limiter. Waiting ends at once when the signal aborts, with its reason. */
export function createLimiter({ concurrencyMax, queueMax }: LimiterOptions): Limiter {
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1) {
    throw new RangeError(`concurrencyMax must be a whole number from 1, got ${concurrencyMax}`);
  }
  const waiting = new Set<() => void>();
  let running = 0;

  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next(); // the slot passes on: `running` stays as it is
  };

  const acquire = (signal: AbortSignal): Promise<void> => {
    if (running < concurrencyMax) {
      running += 1;
      return Promise.resolve();
    }
    if (waiting.size >= queueMax) return Promise.reject(new AppError("overloaded"));
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(admit);
        reject(signal.reason as Error);
      };
      const admit = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      waiting.add(admit);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  };

  return async (work, signal) => {
    signal.throwIfAborted();
    await acquire(signal);
    try {
      signal.throwIfAborted(); // it may have aborted between the slot's coming free and now
      return await work();
    } finally {
      release();
    }
  };
}
