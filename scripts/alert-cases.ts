/** Series on which each alert of `docs/alerts.yaml` must fire, and series of a service that is well. One value a minute. */

/** Series to their values, in the notation of promtool: `0+10x30` begins at 0 and grows by 10, 30 times. */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly alert: string;
  readonly series: Series;
  /** When it must fire, as in `15m`. */
  readonly at: string;
  /** Labels of the alert beside its severity. */
  readonly labels?: Readonly<Record<string, string>>;
}

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "TributaryRunsFail",
    at: "15m",
    series: {
      'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': "0+92x30",
      'tributary_runs_total{kind="ask",outcome="failed",grounding="no-evidence"}': "0+4x30",
      'tributary_runs_total{kind="ask",outcome="expired",grounding="no-evidence"}': "0+4x30",
    },
  },
  {
    alert: "TributaryFirstTextSlow",
    at: "20m",
    series: {
      'tributary_first_text_seconds_bucket{le="2.5"}': "0+90x30",
      'tributary_first_text_seconds_bucket{le="5"}': "0+92x30",
      'tributary_first_text_seconds_bucket{le="10"}': "0+100x30",
      'tributary_first_text_seconds_bucket{le="+Inf"}': "0+100x30",
    },
  },
  {
    alert: "TributaryRefuses",
    at: "15m",
    labels: { code: "overloaded" },
    series: { 'tributary_refused_total{code="overloaded"}': "0+12x30" },
  },
  {
    alert: "TributaryBreakerOpen",
    at: "5m",
    labels: { upstream: "chat m" },
    series: { 'tributary_upstream_breaker_open{upstream="chat m"}': "1x30" },
  },
  {
    alert: "TributaryRetriesExhausted",
    at: "25m",
    labels: { upstream: "embed m" },
    series: { 'tributary_upstream_retries_denied_total{upstream="embed m"}': "0+1x30" },
  },
  {
    alert: "TributaryDegraded",
    at: "25m",
    labels: { code: "vector_unavailable" },
    series: {
      'tributary_degraded_total{code="vector_unavailable"}': "0+25x30",
      'tributary_degraded_total{code="rerank_skipped"}': "0+5x30",
      'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': "0+100x30",
    },
  },
  {
    alert: "TributaryUngrounded",
    at: "65m",
    series: {
      'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': "0+60x80",
      'tributary_runs_total{kind="ask",outcome="finished",grounding="ungrounded"}': "0+25x80",
      'tributary_runs_total{kind="ask",outcome="finished",grounding="partly-grounded"}': "0+15x80",
    },
  },
  {
    alert: "TributaryCollectionUnavailable",
    at: "5m",
    series: { tributary_collections_unavailable: "2x30" },
  },
  {
    alert: "TributaryIndexIncomplete",
    at: "35m",
    labels: { collection: "guide" },
    series: {
      'tributary_collection_index_coverage{collection="guide"}': "0.7x40",
      'tributary_collection_index_coverage{collection="faq"}': "1x40",
    },
  },
  {
    alert: "TributaryEventLoopLate",
    at: "10m",
    series: {
      'tributary_event_loop_lag_seconds{percentile="50"}': "0.01x30",
      'tributary_event_loop_lag_seconds{percentile="99"}': "0.4x30",
    },
  },
  {
    alert: "TributarySpansLost",
    at: "30m",
    series: { tributary_spans_dropped_total: "0+512x40" },
  },
  {
    alert: "TributaryKeysStale",
    at: "5m",
    series: { tributary_keys_stale: "0x2 1x30" },
  },
  {
    alert: "TributaryLimitsNotShared",
    at: "10m",
    series: { tributary_shared_limits_up: "0x30" },
  },
];

/** All of it at once is no reason for any alert, at any of these times. */
export const HEALTHY: { readonly at: readonly string[]; readonly series: Series } = {
  at: ["3m", "15m", "30m", "90m"],
  series: {
    // One run in a hundred fails, and finds that its passages hold no answer in twenty.
    'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': "0+79x100",
    'tributary_runs_total{kind="ask",outcome="finished",grounding="ungrounded"}': "0+20x100",
    'tributary_runs_total{kind="ask",outcome="failed",grounding="no-evidence"}': "0+1x100",
    // A search has no answer that could be grounded.
    'tributary_runs_total{kind="search",outcome="finished",grounding="ungrounded"}': "0+500x100",
    'tributary_first_text_seconds_bucket{le="2.5"}': "0+97x100",
    'tributary_first_text_seconds_bucket{le="5"}': "0+98x100",
    'tributary_first_text_seconds_bucket{le="+Inf"}': "0+100x100",
    'tributary_refused_total{code="overloaded"}': "0+1x100",
    // A restart refuses many, and nobody need do anything.
    'tributary_refused_total{code="draining"}': "0+60x100",
    // A breaker that opens for a moment does what it is there for.
    'tributary_upstream_breaker_open{upstream="chat m"}': "0x2 1 0.5 0x96",
    'tributary_upstream_breaker_open{upstream="embed m"}': "0.5x100",
    'tributary_upstream_retries_denied_total{upstream="embed m"}': "0x20 3x80",
    'tributary_degraded_total{code="rerank_skipped"}': "0+50x100",
    // A collection that is replaced is away for a moment, and has no whole index at first.
    tributary_collections_unavailable: "0x2 1 0x96",
    'tributary_collection_index_coverage{collection="guide"}': "0.2x20 1x80",
    // A moment's delay is not the rule.
    'tributary_event_loop_lag_seconds{percentile="99"}': "0.05x14 0.5 0.05x84",
    'tributary_event_loop_lag_seconds{percentile="100"}': "0.9x100",
    tributary_spans_dropped_total: "0x10 512x90",
    // A file is caught while an editor writes it.
    tributary_keys_stale: "0x20 1 0x79",
    // Redis restarts, and is there again before anyone could look.
    tributary_shared_limits_up: "1x20 0x2 1x78",
  },
};
