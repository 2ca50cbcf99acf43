/** What the process shows of itself, by its settings: the log, metrics, spans. What is not asked for is not loaded. */
import { systemClock } from "../../async/clock.ts";
import type { UpstreamStats } from "../../async/upstream-stats.ts";
import type { Config } from "../../config.ts";
import { toCollectorUrls } from "../../config/telemetry.ts";
import type { RunGate } from "../../http/admission/run-gate.ts";
import type { Telemetry } from "../../http/telemetry.ts";
import type { ReadStore } from "../../stores/store.ts";
import type { Log } from "../../telemetry/log.ts";
import { silentMeter } from "../../telemetry/meter.ts";
import type { MetricExporter } from "../../telemetry/metric-exporter.ts";
import { createMeterRegistry, type MeterRegistry } from "../../telemetry/registry.ts";
import { readUpstreams } from "../../telemetry/upstream-metrics.ts";
import { withLogLevels } from "../../telemetry/with-log-levels.ts";
import { withTraceId } from "../../telemetry/with-trace-id.ts";
import { createCollectionMetrics } from "./collection-metrics.ts";
import { createLog, type LogStream } from "./log.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { createTracing, type ExportTarget, flushExporters, toExportTarget } from "./tracing.ts";

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
  const target = toExportTarget(config, plain);
  const { tracer, spans } = await createTracing(target);
  const log = withTraceId(plain, tracer);
  const common = { tracer, log, ...(hasContent ? { contentLog: log } : {}) };
  if (!config.metrics) {
    return { ...common, meter: silentMeter, flush: () => flushExporters([spans]) };
  }
  const registry = createMeterRegistry();
  registry.onRead((set) => set("tributary_spans_dropped_total", spans?.dropped ?? 0));
  const metrics = await createMetrics(target, registry);
  metrics?.start();
  return {
    ...common,
    meter: registry,
    render: () => registry.render(),
    flush: () => flushExporters([spans, metrics]),
  };
}

export interface Watched {
  readonly config: Config;
  readonly store: ReadStore;
  readonly gate: Pick<RunGate, "running" | "waiting">;
  readonly upstreams: UpstreamStats;
  /** Event streams that are being read. */
  readonly streams: { readonly open: number };
  readonly access?: { readonly isStale: boolean } | undefined;
  readonly sharedLimits?: { readonly isUp: boolean; readonly misses: number } | undefined;
}

/** Has the state of the service's parts read whenever someone reads the metrics. */
export function watchService({ meter, log }: ProcessTelemetry, watched: Watched): void {
  if (meter === silentMeter) return;
  const { config, store, gate, upstreams, streams, access, sharedLimits } = watched;
  const collections = createCollectionMetrics({ config, clock: systemClock, log, store });
  const readProcess = createProcessMetrics();
  meter.onRead((set) => {
    set("tributary_runs_running", gate.running);
    set("tributary_runs_waiting", gate.waiting);
    set("tributary_open_streams", streams.open);
    if (access !== undefined) set("tributary_keys_stale", access.isStale ? 1 : 0);
    if (sharedLimits !== undefined) {
      set("tributary_shared_limits_up", sharedLimits.isUp ? 1 : 0);
      set("tributary_shared_limits_misses_total", sharedLimits.misses);
    }
    readUpstreams(upstreams, set);
    collections.read(set);
    readProcess(set);
  });
}

async function createMetrics(
  { config, log, headers, resource }: ExportTarget,
  registry: MeterRegistry,
): Promise<MetricExporter | undefined> {
  const { metrics: url } = toCollectorUrls(config);
  if (url === undefined) return undefined;
  const { createMetricExporter } = await import("../../telemetry/metric-exporter.ts");
  const intervalMs = config.otelMetricExportInterval;
  const common = { clock: systemClock, log, url, headers, resource };
  return createMetricExporter({ ...common, registry, intervalMs });
}
