/** What the process shows of itself, by its settings: the log, metrics, spans. What is not asked for is not loaded. */
import { systemClock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import type { UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { parseHeaders, toCollectorUrls } from "../config-telemetry.ts";
import type { RunGate } from "../http/run-gate.ts";
import type { Telemetry } from "../http/telemetry.ts";
import type { ReadStore } from "../stores/store.ts";
import type { Log } from "../telemetry/log.ts";
import { silentMeter } from "../telemetry/meter.ts";
import type { MetricExporter } from "../telemetry/metric-exporter.ts";
import { createMeterRegistry, type MeterRegistry } from "../telemetry/registry.ts";
import type { SpanExporter } from "../telemetry/span-exporter.ts";
import { type Attributes, createTracer } from "../telemetry/tracer.ts";
import { readUpstreams } from "../telemetry/upstream-metrics.ts";
import { withLogLevels } from "../telemetry/with-log-levels.ts";
import { withTraceId } from "../telemetry/with-trace-id.ts";
import { createCollectionMetrics } from "./collection-metrics.ts";
import { createLog, type LogStream } from "./log.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { createTraceScope } from "./trace-scope.ts";

export interface ProcessTelemetry extends Telemetry {
  /** By the settings; each line that belongs to a trace bears its id. */
  readonly log: Log;
  /** Sends what is left. Call it before the process ends. */
  flush(): Promise<void>;
}

export async function createTelemetry(
  config: Config,
  stream: LogStream,
): Promise<ProcessTelemetry> {
  const { logContent: hasContent, logLevel } = config;
  const plain = withLogLevels(createLog(stream, { hasContent }), logLevel);
  const target = { config, log: plain, resource: toResource(config) };
  const spans = await createSpans(target);
  const tracer = createTracer({
    clock: systemClock,
    scope: createTraceScope(),
    keep: spans === undefined ? undefined : (span) => spans.keep(span),
    hasContent: config.traceContent,
  });
  const log = withTraceId(plain, tracer);
  const common = { tracer, log, ...(hasContent ? { contentLog: log } : {}) };
  if (!config.metrics) {
    return { ...common, meter: silentMeter, flush: () => flushWithin(FLUSH_MS, [spans]) };
  }
  const registry = createMeterRegistry();
  registry.onRead((set) => set("tributary_spans_dropped_total", spans?.dropped ?? 0));
  const metrics = await createMetrics(target, registry);
  metrics?.start();
  return {
    ...common,
    meter: registry,
    render: () => registry.render(),
    flush: () => flushWithin(FLUSH_MS, [spans, metrics]),
  };
}

/** For the last spans and figures, when the process ends. */
const FLUSH_MS = 3_000;

/** What is not sent by then is lost with the process. */
async function flushWithin(
  budgetMs: number,
  exporters: readonly ({ flush(): Promise<void> } | undefined)[],
): Promise<void> {
  using deadline = startDeadline({ clock: systemClock, budgetMs, stage: "flush" });
  const all = Promise.all(exporters.map((exporter) => exporter?.flush()));
  await untilAborted(all, deadline.signal).catch((thrown: unknown) => {
    if (!deadline.signal.aborted) throw thrown;
  });
}

export interface Watched {
  readonly config: Config;
  readonly store: ReadStore;
  readonly gate: Pick<RunGate, "running" | "waiting">;
  readonly upstreams: UpstreamStats;
  /** Event streams that are being read. */
  readonly streams: { readonly open: number };
}

/** Has the state of the service's parts read whenever someone reads the metrics. */
export function watchService({ meter, log }: ProcessTelemetry, watched: Watched): void {
  if (meter === silentMeter) return;
  const { config, store, gate, upstreams, streams } = watched;
  const collections = createCollectionMetrics({ config, clock: systemClock, log, store });
  const readProcess = createProcessMetrics();
  meter.onRead((set) => {
    set("tributary_runs_running", gate.running);
    set("tributary_runs_waiting", gate.waiting);
    set("tributary_open_streams", streams.open);
    readUpstreams(upstreams, set);
    collections.read(set);
    readProcess(set);
  });
}

interface Target {
  readonly config: Config;
  readonly log: Log;
  readonly resource: Attributes;
}

async function createSpans({ config, log, resource }: Target): Promise<SpanExporter | undefined> {
  const { traces: url } = toCollectorUrls(config);
  if (url === undefined) return undefined;
  const { createSpanExporter } = await import("../telemetry/span-exporter.ts");
  return createSpanExporter({ clock: systemClock, log, url, headers: toHeaders(config), resource });
}

async function createMetrics(
  { config, log, resource }: Target,
  registry: MeterRegistry,
): Promise<MetricExporter | undefined> {
  const { metrics: url } = toCollectorUrls(config);
  if (url === undefined) return undefined;
  const { createMetricExporter } = await import("../telemetry/metric-exporter.ts");
  const intervalMs = config.otelMetricExportInterval;
  const common = { clock: systemClock, log, url, headers: toHeaders(config), resource };
  return createMetricExporter({ ...common, registry, intervalMs });
}

function toHeaders({ otelExporterOtlpHeaders = "" }: Config): Readonly<Record<string, string>> {
  return parseHeaders(otelExporterOtlpHeaders) ?? {};
}

/** Of this process: the figures of two of them must not be taken for those of one. */
function toResource({ otelServiceName }: Config): Attributes {
  return {
    "service.name": otelServiceName,
    "service.instance.id": crypto.randomUUID(),
    "process.pid": process.pid,
  };
}
