/** What every call passes on its way to one upstream: breaker, slot, rate window, and the breaker once more. */
import type { Breaker } from "./breaker.ts";
import type { Clock } from "./clock.ts";
import { findRemainingMs } from "./deadline.ts";
import type { Limiter } from "./limiter.ts";
import type { RateWindow } from "./rate-window.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

export interface GateCall {
  readonly signal: AbortSignal;
  /** What the call will cost the upstream, estimated; asked only where the rate is limited. */
  readonly tokens: () => number;
}

/**
 * Runs the work once it may go; the slot is held until the work has settled. The work calls `proof`
 * when the upstream has shown that it works (see Breaker). Throws AppError: upstream_unavailable or
 * deadline_exceeded (breaker), overloaded (queue), upstream_rate_limited (window), the signal's reason, and what the
 * work throws.
 */
export type Gate = <T>(work: (proof: () => void) => Promise<T>, call: GateCall) => Promise<T>;

export interface GateOptions {
  readonly clock: Clock;
  readonly limit: Limiter;
  readonly breaker: Breaker;
  /** Unset: the upstream's rate is not limited. */
  readonly window?: RateWindow | undefined;
  readonly count?: Count;
}

/**
 * Creates a gate. The breaker is asked first, so that nobody queues for an upstream that is down, and
 * again behind the queue and behind the window, because it may have opened meanwhile. The window comes behind the slot, so
 * that a call is sent at the moment at which it was counted; one that is not sent after all is not counted.
 */
export function createGate(options: GateOptions): Gate {
  const { clock, limit, breaker, window, count = countNothing } = options;
  return async (work, { signal, tokens }) => {
    const check = (): void => breaker.check(findRemainingMs(signal));
    check();
    const startMs = clock.now();
    return limit(async () => {
      if (window !== undefined) check();
      const giveBack = await window?.take(tokens(), signal);
      let isSent = false;
      const send = (proof: () => void) => {
        isSent = true;
        const waitMs = clock.now() - startMs;
        if (waitMs >= 1) {
          count("waits");
          count("waitMs", waitMs);
        }
        count("attempts");
        return work(proof);
      };
      try {
        return await breaker.guard(send, findRemainingMs(signal));
      } finally {
        if (!isSent) giveBack?.();
      }
    }, signal);
  };
}
