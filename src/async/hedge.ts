/** Sends a second copy of a call that takes longer than nearly all others did, and takes whichever answers first. */
import type { Clock } from "./clock.ts";
import { findRemainingMs, lendDeadline, toAbortError } from "./deadline.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

/**
 * Runs the work, and perhaps once more at the same time. Each copy must end when its signal aborts.
 * `release` is given the result of a copy that succeeded too late, where that holds something open.
 */
export type Hedge = <T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  release?: (late: T) => Promise<unknown>,
) => Promise<T>;

export interface HedgeOptions {
  readonly clock: Clock;
  /** Second copies per call in the long run, 0 to 1. At 0 there are none. */
  readonly shareMax: number;
  readonly count?: Count;
}

/** Latencies that are remembered, and how many there must be before they say anything. */
const SAMPLES_MAX = 128;
const SAMPLES_MIN = 20;
const QUANTILE = 0.95;
/** Sooner than this a second copy gains nothing that anyone would notice. */
const DELAY_MS_MIN = 10;
/** Copies that a quiet time may save up. */
const CREDIT_MAX = 5;

/**
 * Creates a hedge (after Dean and Barroso, "The Tail at Scale", 2013): the second copy goes when the
 * first has taken longer than the 95th percentile of the last answers. Every call earns `shareMax` of
 * a copy, so that the share holds however slow the upstream is. The loser is aborted and waited for.
 * A failure before the second copy stands; when both fail, the first one's failure does.
 */
export function createHedge({ clock, shareMax, count = countNothing }: HedgeOptions): Hedge {
  const latencies: number[] = [];
  let credit = 0;

  const learn = (ms: number): void => {
    latencies.push(ms);
    if (latencies.length > SAMPLES_MAX) latencies.shift();
  };

  const findDelayMs = (): number | undefined => {
    if (latencies.length < SAMPLES_MIN) return undefined;
    const sorted = latencies.toSorted((a, b) => a - b);
    return Math.max(DELAY_MS_MIN, sorted[Math.ceil(QUANTILE * sorted.length) - 1] ?? 0);
  };

  return async (work, signal, release) => {
    if (signal.aborted) throw toAbortError(signal.reason);
    credit = Math.min(CREDIT_MAX, credit + shareMax);
    const first = startCopy(work, signal, clock);
    const delayMs = shareMax > 0 ? findDelayMs() : undefined;
    const copies = [first];
    const isLate = delayMs !== undefined && (await isSlower(first, delayMs, clock));
    if (isLate && !signal.aborted && credit >= 1) {
      credit -= 1;
      count("hedges");
      copies.push(startCopy(work, signal, clock));
    }
    let winner = first;
    try {
      const answer = await Promise.any(copies.map(({ result }) => result));
      winner = answer.copy;
      learn(answer.ms);
      if (winner !== first) count("hedgeWins");
      return answer.value;
    } catch {
      return (await first.result).value; // all failed: this throws the first one's failure
    } finally {
      const losers = copies.filter((copy) => copy !== winner);
      for (const { abort } of losers) abort();
      await Promise.allSettled(
        losers.map(({ result }) => result.then(({ value }) => release?.(value))),
      );
    }
  };
}

interface Copy<T> {
  readonly result: Promise<{ readonly copy: Copy<T>; readonly value: T; readonly ms: number }>;
  readonly abort: () => void;
}

/** One copy under a signal of its own, which also aborts with the caller's and has the caller's time. */
function startCopy<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  clock: Clock,
): Copy<T> {
  const controller = new AbortController();
  lendDeadline(controller.signal, () => findRemainingMs(signal));
  const onAbort = (): void => controller.abort(toAbortError(signal.reason));
  signal.addEventListener("abort", onAbort, { once: true });
  const startMs = clock.now();
  const run = async (): Promise<Awaited<Copy<T>["result"]>> => {
    try {
      const value = await work(controller.signal);
      return { copy, value, ms: clock.now() - startMs };
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
  const copy: Copy<T> = { result: run(), abort: () => controller.abort(toAbortError(undefined)) };
  return copy;
}

/** Whether the copy is still running after so long. */
async function isSlower<T>(copy: Copy<T>, delayMs: number, clock: Clock): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = clock.timer(delayMs, () => late.resolve(true));
  const ended = (): void => late.resolve(false);
  copy.result.then(ended, ended);
  return late.promise.finally(cancel);
}
