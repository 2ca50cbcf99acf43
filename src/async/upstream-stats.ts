/** What happened at each upstream: counted by the call policies, read by whoever exports it. */
import type { BreakerState } from "./breaker.ts";
import type { SharedTurns } from "./rate-window.ts";

export const UPSTREAM_COUNTS = [
  /** Calls that were really sent; hedges and retries are among them. */
  "attempts",
  /** Attempts that failed in a way that speaks against the upstream. */
  "failures",
  "retries",
  /** Retries that were worth it but that the bucket of retry tokens did not allow. */
  "retriesDenied",
  /** Calls that the open breaker answered in the upstream's place. */
  "refusals",
  /** Copies of slow calls sent, and how many of them answered first. */
  "hedges",
  "hedgeWins",
  /** Calls that waited for a slot or for the rate window, and for how many milliseconds in all. */
  "waits",
  "waitMs",
  "cacheHits",
  "cacheMisses",
  /** Calls that joined an identical one in flight. */
  "shared",
  /** Answers that this model had to leave to the next one. */
  "fallbacks",
] as const;

export type UpstreamCount = (typeof UPSTREAM_COUNTS)[number];

/** Adds to a count, 1 unless told otherwise. */
export type Count = (name: UpstreamCount, by?: number) => void;

/** One upstream at one moment. */
export interface UpstreamSnapshot {
  /** `chat`, `embed` or `rerank`, and the model's id. */
  readonly upstream: string;
  /** Totals since the start of the process. */
  readonly counts: Readonly<Record<UpstreamCount, number>>;
  readonly breaker: BreakerState;
  /** What is left in the bucket of retries. */
  readonly retryTokens: number;
}

/** Port: for metrics. Reading changes nothing. */
export interface UpstreamStats {
  read(): readonly UpstreamSnapshot[];
}

export interface UpstreamRegistry extends UpstreamStats {
  /** Rates that are kept in common with other processes; absent: each process keeps its own. */
  readonly turns?: SharedTurns | undefined;
  /** Adds an upstream; `gauges` are read whenever someone asks. */
  add(
    upstream: string,
    gauges: { breaker(): BreakerState; retryTokens(): number },
    counts: Readonly<Record<UpstreamCount, number>>,
  ): void;
}

/** Counts of one upstream, all at nought, and the function that adds to them. */
export function createCounts(): {
  readonly counts: Readonly<Record<UpstreamCount, number>>;
  readonly count: Count;
} {
  const counts = Object.fromEntries(UPSTREAM_COUNTS.map((name) => [name, 0])) as Record<
    UpstreamCount,
    number
  >;
  return {
    counts,
    count: (name, by = 1) => {
      counts[name] += by;
    },
  };
}

/** For policies that nobody watches. */
export const countNothing: Count = () => {};

export function createUpstreamRegistry(turns?: SharedTurns): UpstreamRegistry {
  const readers: (() => UpstreamSnapshot)[] = [];
  return {
    turns,
    add(upstream, gauges, counts) {
      readers.push(() => ({
        upstream,
        counts: { ...counts },
        breaker: gauges.breaker(),
        retryTokens: gauges.retryTokens(),
      }));
    },
    read: () => readers.map((read) => read()),
  };
}
