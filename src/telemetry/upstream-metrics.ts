/** What the call policies counted, as metrics. */
import type { UpstreamCount, UpstreamStats } from "../async/upstream-stats.ts";
import type { SetValue } from "./meter.ts";
import type { MetricName } from "./metric-table.ts";

const NAMES: Readonly<Record<UpstreamCount, MetricName>> = {
  attempts: "tributary_upstream_attempts_total",
  failures: "tributary_upstream_failures_total",
  retries: "tributary_upstream_retries_total",
  retriesDenied: "tributary_upstream_retries_denied_total",
  refusals: "tributary_upstream_refusals_total",
  hedges: "tributary_upstream_hedges_total",
  hedgeWins: "tributary_upstream_hedge_wins_total",
  waits: "tributary_upstream_waits_total",
  waitMs: "tributary_upstream_wait_seconds_total",
  cacheHits: "tributary_upstream_cache_hits_total",
  cacheMisses: "tributary_upstream_cache_misses_total",
  shared: "tributary_upstream_shared_total",
  fallbacks: "tributary_upstream_fallbacks_total",
};

const OPEN = { closed: 0, "half-open": 0.5, open: 1 } as const;

/** Reads every upstream. */
export function readUpstreams(upstreams: UpstreamStats, set: SetValue): void {
  for (const { upstream, counts, breaker, retryTokens } of upstreams.read()) {
    for (const [count, name] of Object.entries(NAMES)) {
      const value = counts[count as UpstreamCount];
      set(name, count === "waitMs" ? value / 1_000 : value, { upstream });
    }
    set("tributary_upstream_breaker_open", OPEN[breaker], { upstream });
    set("tributary_upstream_retry_tokens", retryTokens, { upstream });
  }
}
