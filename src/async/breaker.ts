/** Stops calling an upstream that fails, and finds out with one call at a time when it works again. */
import { AppError, type ErrorCode } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  readonly clock: Clock;
  /** For people, named in the error: `the chat model "m"`. */
  readonly source: string;
  /** Opens when this share of the last outcomes are failures, 0 to 1. */
  readonly failureShare: number;
  /** Never opens on fewer outcomes than this. */
  readonly samplesMin: number;
  /** Outcomes that are looked back on. */
  readonly samplesMax: number;
  /** Outcomes older than this say nothing any more. */
  readonly windowMs: number;
  /** Time between opening and the first probe, and between two probes. */
  readonly openMs: number;
  readonly count?: Count;
}

export interface Breaker {
  readonly state: BreakerState;
  /** Throws AppError upstream_unavailable with `retryAfterMs` while a call would be refused. */
  check(): void;
  /**
   * Runs the call and learns from how it ends. `proof` may be called as soon as the upstream has shown
   * that it works, long before a stream is over. Throws what the work throws, and like `check`.
   */
  guard<T>(work: (proof: () => void) => Promise<T>): Promise<T>;
}

/** What speaks against the upstream, and what proves that it works although the call failed. All else proves nothing. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_stalled",
  "upstream_truncated",
  "upstream_bad_response",
  "upstream_config",
  "embedding_invalid",
]);
const REFUSALS_BY_CONTENT: ReadonlySet<ErrorCode> = new Set([
  "content_filtered",
  "context_too_long",
]);

/**
 * Creates a closed breaker (after Nygard, "Release It!", 2007). It opens on the share of failures among
 * the last outcomes. When it is open one call is let through every `openMs`; its success closes the
 * breaker, and while it is out all others are refused, so that even a probe that hangs does not put
 * the recovery off by more than `openMs`.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, source, openMs, count = countNothing } = options;
  const isFailing = createSample(options);
  /** When the next probe may go; undefined while closed. */
  let probeAtMs: number | undefined;
  let probing: object | undefined;

  const check = (): void => {
    if (probeAtMs === undefined || clock.now() >= probeAtMs) return;
    count("refusals");
    throw new AppError("upstream_unavailable", {
      detail: `${source} has failed lately and is not asked for the moment: try again later`,
      retryAfterMs: Math.ceil(probeAtMs - clock.now()),
    });
  };

  /** `failed` is undefined when the call proved nothing. */
  const report = (failed: boolean | undefined, pass: object): void => {
    const isProbe = probing === pass;
    if (isProbe) probing = undefined;
    if (failed === true) count("failures");
    if (probeAtMs === undefined) {
      if (failed !== undefined && isFailing(failed)) probeAtMs = clock.now() + openMs;
    } else if (isProbe) {
      // A probe that proved nothing makes room for the next one.
      if (failed === false) probeAtMs = undefined;
      else probeAtMs = clock.now() + (failed === true ? openMs : 0);
    }
  };

  return {
    get state() {
      if (probeAtMs === undefined) return "closed";
      return probing === undefined ? "open" : "half-open";
    },
    check,
    async guard(work) {
      check();
      const pass = {};
      if (probeAtMs !== undefined) {
        probing = pass;
        probeAtMs = clock.now() + openMs;
      }
      let proven = false;
      const proof = (): void => {
        if (!proven) report(false, pass);
        proven = true;
      };
      try {
        const result = await work(proof);
        proof();
        return result;
      } catch (thrown) {
        report(judge(thrown), pass);
        throw thrown;
      }
    },
  };
}

/** Takes in one more outcome and says whether the last ones are too many failures; then it starts anew. */
function createSample(options: BreakerOptions): (failed: boolean) => boolean {
  const { clock, failureShare, samplesMin, samplesMax, windowMs } = options;
  let outcomes: readonly { readonly atMs: number; readonly failed: boolean }[] = [];
  return (failed) => {
    const nowMs = clock.now();
    outcomes = [...outcomes, { atMs: nowMs, failed }]
      .filter(({ atMs }) => nowMs - atMs <= windowMs)
      .slice(-samplesMax);
    const failures = outcomes.filter((outcome) => outcome.failed).length;
    // Never on a success: that one has just shown that it works.
    const isFailing =
      failed && outcomes.length >= samplesMin && failures >= failureShare * outcomes.length;
    if (isFailing) outcomes = [];
    return isFailing;
  };
}

function judge(thrown: unknown): boolean | undefined {
  if (!(thrown instanceof AppError)) return undefined;
  if (FAILURES.has(thrown.code)) return true;
  return REFUSALS_BY_CONTENT.has(thrown.code) ? false : undefined;
}
