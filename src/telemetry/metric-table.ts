/** Every metric of the service: its type, its labels and what it says. Documentation, dashboard and alerts are checked against it. */

export interface MetricDoc {
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds in seconds; for histograms. */
  readonly buckets?: readonly number[];
}

/** From what a search takes to what a long answer takes. */
const RUN_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** From a look into memory to a leg's whole budget. */
const STAGE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

export const METRICS = {
  tributary_runs_total: counter("Runs that are over.", "kind", "outcome", "grounding"),
  tributary_run_failures_total: counter("Runs that ended with an error, by its code.", "code"),
  tributary_run_seconds: histogram("From a run's start to its end.", RUN_BUCKETS, "kind"),
  tributary_first_text_seconds: histogram(
    "From a run's start to the first piece of its answer.",
    RUN_BUCKETS,
  ),
  tributary_stage_seconds: histogram("A stage of a run.", STAGE_BUCKETS, "stage"),
  tributary_leg_seconds: histogram(
    "A leg of a search: one collection, one retriever.",
    STAGE_BUCKETS,
    "retriever",
    "status",
  ),
  tributary_degraded_total: counter("What answers had to do without, by code.", "code"),
  tributary_tokens_total: counter("Tokens of model calls that wrote answers.", "direction"),
  tributary_model_requests_total: counter("Model calls that wrote answers."),
  tributary_steps_total: counter("Model calls of runs with tools."),
  tributary_tool_calls_total: counter("Tool calls, by how they ended.", "status"),
  tributary_subruns_total: counter("Sub-agents that are over.", "outcome"),

  tributary_runs_running: gauge("Runs under way."),
  tributary_runs_waiting: gauge("Runs that wait for a place."),
  tributary_queue_wait_seconds: histogram("How long runs waited for a place.", STAGE_BUCKETS),
  tributary_answers_total: counter(
    "Requests by whose run answers them: their own, one under way (shared), a kept one (hit).",
    "source",
  ),
  tributary_open_streams: gauge("Event streams that a client is reading."),
  tributary_refused_total: counter(
    "Requests for a run that were refused before it began, by code.",
    "code",
  ),

  tributary_keys_refused_total: counter(
    "Requests that their key, or the lack of one, did not let pass, by reason.",
    "reason",
  ),
  tributary_keys_stale: gauge(
    "1 while the file of keys cannot be read and the last good list counts.",
  ),
  tributary_shared_limits_up: gauge(
    "1 while limits are counted in Redis, 0 while each process counts.",
  ),
  tributary_shared_limits_misses_total: counter(
    "Times that Redis was not reached, and the process went by its own counts.",
  ),

  tributary_upstream_attempts_total: counter(
    "Calls that were really sent; retries and hedges are among them.",
    "upstream",
  ),
  tributary_upstream_failures_total: counter("Calls that speak against the upstream.", "upstream"),
  tributary_upstream_retries_total: counter("Calls sent once more.", "upstream"),
  tributary_upstream_retries_denied_total: counter(
    "Retries that the bucket of retry tokens did not allow.",
    "upstream",
  ),
  tributary_upstream_refusals_total: counter("Calls that an open breaker answered.", "upstream"),
  tributary_upstream_hedges_total: counter("Copies of slow calls sent.", "upstream"),
  tributary_upstream_hedge_wins_total: counter("Copies that answered first.", "upstream"),
  tributary_upstream_waits_total: counter("Calls that waited for a slot or a rate.", "upstream"),
  tributary_upstream_wait_seconds_total: counter("Time these waits took.", "upstream"),
  tributary_upstream_cache_hits_total: counter("Questions whose vector was at hand.", "upstream"),
  tributary_upstream_cache_misses_total: counter("Questions that were embedded.", "upstream"),
  tributary_upstream_shared_total: counter("Calls that joined an identical one.", "upstream"),
  tributary_upstream_fallbacks_total: counter("Answers left to the next model.", "upstream"),
  tributary_upstream_breaker_open: gauge("0 closed, 0.5 some calls pass, 1 open.", "upstream"),
  tributary_upstream_retry_tokens: gauge("What is left in the bucket of retries.", "upstream"),

  tributary_collection_documents: gauge("Documents of a collection.", "collection"),
  tributary_collection_chunks: gauge("Chunks of a collection.", "collection"),
  tributary_collection_version: gauge("Version of a collection; grows.", "collection"),
  tributary_collection_age_seconds: gauge("Time since a collection's last commit.", "collection"),
  tributary_collection_index_coverage: gauge(
    "Share of a collection's chunks that its indexes hold; the rest is searched one by one.",
    "collection",
  ),
  tributary_collections_unavailable: gauge("Collections that cannot be opened."),

  tributary_event_loop_lag_seconds: gauge(
    "How late the event loop was since the last reading.",
    "percentile",
  ),
  tributary_memory_bytes: gauge("Resident memory."),
  tributary_cpu_seconds_total: counter("Processor time of all threads."),
  tributary_spans_dropped_total: counter("Spans that no collector got."),
} as const satisfies Readonly<Record<string, MetricDoc>>;

export type MetricName = keyof typeof METRICS;

function counter(help: string, ...labels: string[]): MetricDoc {
  return { type: "counter", help, labels };
}

function gauge(help: string, ...labels: string[]): MetricDoc {
  return { type: "gauge", help, labels };
}

function histogram(help: string, buckets: readonly number[], ...labels: string[]): MetricDoc {
  return { type: "histogram", help, labels, buckets };
}
