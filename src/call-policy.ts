/** What any upstream is called under, as the settings want it: its breaker, its budget of retries, its retry policy. */
import { type Breaker, createBreaker } from "./async/breaker.ts";
import type { Clock } from "./async/clock.ts";
import type { RetryOptions } from "./async/retry.ts";
import { createRetryBudget } from "./async/retry-budget.ts";
import { type Count, createCounts, type UpstreamRegistry } from "./async/upstream-stats.ts";
import type { Config } from "./config.ts";

export interface CallPolicyDeps {
  readonly config: Config;
  readonly clock: Clock;
  /** Where the upstream's counts can be read. */
  readonly upstreams: UpstreamRegistry;
  /** From 0 to below 1; for the jitter of retries and of probes. */
  readonly random?: () => number;
}

export interface CallPolicy {
  readonly breaker: Breaker;
  readonly retry: Omit<RetryOptions, "signal">;
  readonly count: Count;
}

/** Creates those of one upstream, with its counts in the registry; `source` is its name for people. */
export function createCallPolicy(
  { name, source }: { readonly name: string; readonly source: string },
  { config, clock, upstreams, random }: CallPolicyDeps,
): CallPolicy {
  const { counts, count } = createCounts();
  const jitter = random === undefined ? {} : { random };
  const breaker = createBreaker({
    clock,
    source,
    count,
    failureShare: config.breakerFailureShare,
    samplesMin: config.breakerSamplesMin,
    samplesMax: config.breakerSamplesMax,
    windowMs: config.breakerWindowMs,
    openMs: config.breakerOpenMs,
    ...jitter,
  });
  const budget = createRetryBudget({
    tokensMax: config.retryTokensMax,
    retryCost: config.retryCost,
    stallCost: config.retryStallCost,
  });
  upstreams.add(name, { breaker: () => breaker.state, retryTokens: () => budget.tokens }, counts);
  return {
    breaker,
    retry: {
      attemptsMax: config.attemptsMax,
      clock,
      baseMs: config.backoffMs,
      capMs: config.backoffMsMax,
      budget,
      mayRepeat: (leftMs) => !breaker.isOpenFor(leftMs),
      count,
      ...jitter,
    },
    count,
  };
}
