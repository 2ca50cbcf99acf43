/** The one retry loop: full jitter, `Retry-After` honoured, never past the deadline. */
import { AppError, type ErrorCode } from "../errors.ts";
import { type Clock, sleep } from "./clock.ts";
import { findRemainingMs, toAbortError } from "./deadline.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

const BACKOFF_BASE_MS = 100;
const BACKOFF_CAP_MS = 2_000;
/** With less time than this left after the wait, another attempt is not worth its cost. */
const ATTEMPT_MS_MIN = 50;

export type RetriesMax = Readonly<Partial<Record<ErrorCode, number>>>;

/** How often each failure is worth another attempt; what is absent never is. */
const RETRIES_MAX: RetriesMax = {
  upstream_unavailable: Number.POSITIVE_INFINITY,
  upstream_rate_limited: Number.POSITIVE_INFINITY,
  upstream_stalled: Number.POSITIVE_INFINITY,
  upstream_truncated: Number.POSITIVE_INFINITY,
  // A server that answers nonsense usually does so again.
  upstream_bad_response: 1,
};

export interface RetryOptions {
  /** Attempts in total, the first included; at least 1. */
  readonly attemptsMax: number;
  readonly clock: Clock;
  /** Ends the loop at once, in a wait too. Its deadline, when it has one, bounds the waits. */
  readonly signal: AbortSignal;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly baseMs?: number;
  readonly capMs?: number;
  /** Retries of all calls of one upstream; when it is spent a failure stands. */
  readonly budget?: RetryBudget;
  /** Where a code is worth fewer or more retries than usual. */
  readonly retriesMax?: RetriesMax;
  /** Asked before each retry, with the time left after the wait for it; when false, another attempt would only be refused. */
  readonly mayRepeat?: (leftMs: number) => boolean;
  readonly count?: Count;
}

/**
 * Runs `attempt` (numbered from 1) until it succeeds, fails in a way that another attempt does not
 * mend, or no attempt fits any more; then throws its last error. An aborted signal wins over whatever
 * the attempt threw. Waits `random() * min(capMs, baseMs * 2 ** retries)` (full jitter, after
 * "Exponential Backoff and Jitter", AWS 2015), or as long as the other side asked for if that is
 * longer; a wait that does not fit before the deadline is not begun.
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { attemptsMax, signal } = options;
  if (!Number.isInteger(attemptsMax) || attemptsMax < 1) {
    throw new RangeError(`attemptsMax must be a whole number from 1, got ${attemptsMax}`);
  }
  const codes: ErrorCode[] = [];
  let paid: number | undefined;
  for (let number = 1; ; number += 1) {
    if (signal.aborted) throw toAbortError(signal.reason);
    try {
      const result = await attempt(number);
      options.budget?.refund(paid);
      return result;
    } catch (thrown) {
      if (signal.aborted) throw toAbortError(signal.reason);
      if (!(thrown instanceof AppError) || number >= attemptsMax) throw thrown;
      codes.push(thrown.code);
      const waitMs = Math.max(toBackoffMs(number, options), thrown.retryAfterMs ?? 0);
      if (!isMendable(codes, findRemainingMs(signal) - waitMs, options)) throw thrown;
      paid = await payAndWait(thrown, waitMs, options);
    }
  }
}

/**
 * Takes the price of a retry out of the budget, where there is one, and waits. Throws the failure when it cannot be
 * paid, and the signal's reason when it aborts in the wait, which costs nothing.
 */
async function payAndWait(
  failure: AppError,
  waitMs: number,
  { budget, clock, signal, count = countNothing }: RetryOptions,
): Promise<number | undefined> {
  const price = budget?.take(failure.code);
  if (budget !== undefined && price === undefined) {
    count("retriesDenied");
    throw failure;
  }
  try {
    await sleep(clock, waitMs, signal);
  } catch (thrown) {
    if (price !== undefined) budget?.refund(price);
    throw thrown;
  }
  count("retries");
  return price;
}

/** Whether the last failure is worth another attempt, after those before it and with so much time. */
function isMendable(codes: readonly ErrorCode[], leftMs: number, options: RetryOptions): boolean {
  const last = codes.at(-1);
  if (last === undefined || leftMs < ATTEMPT_MS_MIN) return false;
  if (options.mayRepeat?.(leftMs) === false) return false;
  const most = options.retriesMax?.[last] ?? RETRIES_MAX[last] ?? 0;
  return codes.filter((code) => code === last).length <= most;
}

function toBackoffMs(retries: number, options: RetryOptions): number {
  const { random = Math.random, baseMs = BACKOFF_BASE_MS, capMs = BACKOFF_CAP_MS } = options;
  return random() * Math.min(capMs, baseMs * 2 ** retries);
}
