/** Sends further copies of a call that takes longer than nearly all others did, and takes whichever answers first. */
import type { Clock } from "./clock.ts";
import { findRemainingMs, follow, lendDeadline, toAbortError } from "./deadline.ts";
import { isSlower } from "./is-slower.ts";
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
  /** Further copies that bring nothing, per call in the long run, 0 to 1. At 0 there are no copies. */
  readonly shareMax: number;
  readonly count?: Count;
}

/** Latencies that are remembered, and how many there must be before they say anything. */
const SAMPLES_MAX = 128;
const SAMPLES_MIN = 20;
const QUANTILE = 0.95;
/**
 * How far beyond that a call is late. At the quantile itself one healthy call in twenty would be copied,
 * which is the whole share: nothing of it would be left for the calls that hang.
 */
const MARGIN = 1.25;
/** Sooner than this a second copy gains nothing that anyone would notice. */
const DELAY_MS_MIN = 10;
/** Of one call at the same time: where one call in ten hangs, two copies of one in a hundred do. */
const COPIES_MAX = 3;
/** Copies that a quiet time may save up. */
const CREDIT_MAX = 10;

/**
 * Creates a hedge (after Dean and Barroso, "The Tail at Scale", 2013): the second copy goes when the
 * first has taken a quarter longer than the 95th percentile of the last answers, and a third after as long again.
 * Every call earns `shareMax` of a copy, and a copy that answers first pays back what it cost and what
 * the copies before it cost: they were needed. So the share bounds the copies that brought nothing,
 * however many calls hang, and an upstream that answers none gets no more than the share.
 * The losers are aborted and waited for. A failure while no other copy is out stands; when all fail,
 * the first one's failure does.
 */
export function createHedge({ clock, shareMax, count = countNothing }: HedgeOptions): Hedge {
  const latencies: number[] = [];
  let credit = 0;

  const earn = (copies: number): void => {
    credit = Math.min(CREDIT_MAX, credit + copies);
  };

  const learn = (ms: number): void => {
    latencies.push(ms);
    if (latencies.length > SAMPLES_MAX) latencies.shift();
  };

  const findDelayMs = (): number | undefined => {
    if (latencies.length < SAMPLES_MIN) return undefined;
    const sorted = latencies.toSorted((a, b) => a - b);
    const usualMs = sorted[Math.ceil(QUANTILE * sorted.length) - 1] ?? 0;
    return Math.max(DELAY_MS_MIN, MARGIN * usualMs);
  };

  return async (work, signal, release) => {
    if (signal.aborted) throw toAbortError(signal.reason);
    earn(shareMax);
    const copies = [startCopy(work, signal, clock)];
    const race = () => Promise.any(copies.map(({ result }) => result));
    const delayMs = shareMax > 0 ? findDelayMs() : undefined;
    const copiesMax = delayMs === undefined ? 1 : COPIES_MAX;
    let first = race();
    while (copies.length < copiesMax && (await isSlower(first, delayMs ?? 0, clock))) {
      if (signal.aborted) break;
      if (credit < 1) continue; // others may have earned a copy by the next look
      credit -= 1;
      count("hedges");
      copies.push(startCopy(work, signal, clock));
      first = race();
    }
    let winner = copies[0];
    try {
      const answer = await first;
      winner = answer.copy;
      learn(answer.ms);
      const needed = copies.indexOf(winner);
      earn(needed);
      if (needed > 0) count("hedgeWins");
      return answer.value;
    } catch (thrown) {
      // All failed: the first one's failure counts.
      throw thrown instanceof AggregateError ? thrown.errors[0] : thrown;
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
  const unlink = follow(signal, controller);
  const startMs = clock.now();
  const run = async (): Promise<Awaited<Copy<T>["result"]>> => {
    try {
      const value = await work(controller.signal);
      return { copy, value, ms: clock.now() - startMs };
    } finally {
      unlink();
    }
  };
  const copy: Copy<T> = { result: run(), abort: () => controller.abort(toAbortError(undefined)) };
  return copy;
}
