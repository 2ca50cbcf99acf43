/** What a Worker shows of itself: metrics and spans of one isolate, sent by the request whose run is over. */
import { systemClock } from "../async/clock.ts";
import type { UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { parsePairs } from "../config/pairs.ts";
import { toCollectorUrls } from "../config/telemetry.ts";
import type { RunGate } from "../http/admission/run-gate.ts";
import type { Telemetry } from "../http/telemetry.ts";
import { type CollectorOptions, createCollector } from "../telemetry/collector.ts";
import type { Log } from "../telemetry/log.ts";
import { silentMeter } from "../telemetry/meter.ts";
import { createMetricExporter } from "../telemetry/metric-exporter.ts";
import { createSpanBatch } from "../telemetry/otlp-spans.ts";
import { createMeterRegistry, type MeterRegistry } from "../telemetry/registry.ts";
import { createTraceScope } from "../telemetry/trace-scope.ts";
import { type Attributes, createTracer, type SpanRecord } from "../telemetry/tracer.ts";
import { readUpstreams } from "../telemetry/upstream-metrics.ts";

export interface EdgeTelemetry extends Telemetry {
  /** Sends what there is, if anybody wants it. An isolate has no timer between requests, and nothing of one request may wait for another's. Never rejects. */
  readonly afterRun: () => Promise<void>;
}

/** Spans that wait for the end of a run; what comes after them is dropped. */
const SPANS_MAX = 4_096;

/** Whose state is read whenever someone reads the metrics. */
export interface Watched {
  readonly gate: Pick<RunGate, "running" | "waiting">;
  readonly upstreams: UpstreamStats;
}

export function createEdgeTelemetry(
  config: Config,
  log: Log,
  { gate, upstreams }: Watched,
): EdgeTelemetry {
  const urls = toCollectorUrls(config);
  const common = {
    clock: systemClock,
    log,
    headers: parsePairs(config.otelExporterOtlpHeaders ?? "") ?? {},
    resource: {
      "service.name": config.otelServiceName,
      "service.instance.id": crypto.randomUUID(),
    },
  };
  const spans = urls.traces === undefined ? undefined : keepSpans({ ...common, url: urls.traces });
  const tracer = createTracer({
    clock: systemClock,
    scope: createTraceScope(),
    keep: spans?.keep,
    hasContent: config.traceContent,
  });
  const registry = config.metrics ? createMeterRegistry() : undefined;
  registry?.onRead((set) => {
    set("tributary_spans_dropped_total", spans?.dropped() ?? 0);
    set("tributary_runs_running", gate.running);
    set("tributary_runs_waiting", gate.waiting);
    readUpstreams(upstreams, set);
  });
  const { otelMetricExportInterval: intervalMs } = config;
  const metrics =
    registry === undefined || urls.metrics === undefined
      ? undefined
      : createMetricExporter({ ...common, registry, url: urls.metrics, intervalMs });
  return {
    ...toMeter(registry),
    tracer,
    async afterRun() {
      await Promise.all([spans?.send(), metrics?.sendIfDue()]);
    },
  };
}

function toMeter(registry: MeterRegistry | undefined): Pick<Telemetry, "meter" | "render"> {
  if (registry === undefined) return { meter: silentMeter };
  return { meter: registry, render: () => registry.render() };
}

interface KeptSpans {
  readonly keep: (span: SpanRecord) => void;
  readonly dropped: () => number;
  send(): Promise<void>;
}

/** Each sending takes what is there, whoever made it. */
function keepSpans({
  resource,
  ...options
}: Omit<CollectorOptions, "signal"> & { readonly resource: Attributes }): KeptSpans {
  const collector = createCollector({ ...options, signal: "spans" });
  let batch = createSpanBatch(resource);
  let dropped = 0;
  return {
    keep(span) {
      if (batch.size < SPANS_MAX) batch.add(span);
      else dropped += 1;
    },
    dropped: () => dropped,
    async send() {
      if (batch.size === 0) return;
      const sent = batch;
      batch = createSpanBatch(resource);
      const failure = await collector.post(sent.finish());
      if (failure !== undefined) dropped += sent.size;
      collector.report(failure, { dropped });
    },
  };
}
