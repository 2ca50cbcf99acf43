/** What the process shows of itself, by its settings: the log, metrics, spans. What is not asked for is not loaded. */
import { systemClock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import type { UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { parseHeaders } from "../config-telemetry.ts";
import type { RunGate } from "../http/run-gate.ts";
import type { Telemetry } from "../http/telemetry.ts";
import type { ReadStore } from "../stores/store.ts";
import type { Log } from "../telemetry/log.ts";
import { silentMeter } from "../telemetry/meter.ts";
import type { OtlpExporter } from "../telemetry/otlp-exporter.ts";
import { createMeterRegistry } from "../telemetry/registry.ts";
import { createTracer } from "../telemetry/tracer.ts";
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
  const exporter = await createExporter(config, plain);
  const tracer = createTracer({
    clock: systemClock,
    scope: createTraceScope(),
    keep: exporter === undefined ? undefined : (span) => exporter.keep(span),
    hasContent: config.traceContent,
  });
  const log = withTraceId(plain, tracer);
  const common = {
    tracer,
    log,
    ...(hasContent ? { contentLog: log } : {}),
    flush: () => flushWithin(FLUSH_MS, exporter),
  };
  if (!config.metrics) return { ...common, meter: silentMeter };
  const registry = createMeterRegistry();
  registry.onRead((set) => set("tributary_spans_dropped_total", exporter?.dropped ?? 0));
  return { ...common, meter: registry, render: () => registry.render() };
}

/** For the last spans, when the process ends. */
const FLUSH_MS = 3_000;

/** What is not sent by then is lost with the process. */
async function flushWithin(budgetMs: number, exporter: OtlpExporter | undefined): Promise<void> {
  if (exporter === undefined) return;
  using deadline = startDeadline({ clock: systemClock, budgetMs, stage: "flush" });
  await untilAborted(exporter.flush(), deadline.signal).catch((thrown: unknown) => {
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
  readonly sharedLimits?: { readonly isUp: boolean; readonly misses: number };
}

/** Has the state of the service's parts read whenever someone reads the metrics. */
export function watchService({ meter, log }: ProcessTelemetry, watched: Watched): void {
  if (meter === silentMeter) return;
  const { config, store, gate, upstreams, streams, sharedLimits } = watched;
  const collections = createCollectionMetrics({ config, clock: systemClock, log, store });
  const readProcess = createProcessMetrics();
  meter.onRead((set) => {
    set("tributary_runs_running", gate.running);
    set("tributary_runs_waiting", gate.waiting);
    set("tributary_open_streams", streams.open);
    if (sharedLimits !== undefined) {
      set("tributary_shared_limits_up", sharedLimits.isUp ? 1 : 0);
      set("tributary_shared_limits_misses_total", sharedLimits.misses);
    }
    readUpstreams(upstreams, set);
    collections.read(set);
    readProcess(set);
  });
}

async function createExporter(config: Config, log: Log): Promise<OtlpExporter | undefined> {
  const { otelExporterOtlpEndpoint: endpoint, otelExporterOtlpHeaders: headers = "" } = config;
  if (endpoint === undefined) return undefined;
  const { createOtlpExporter } = await import("../telemetry/otlp-exporter.ts");
  return createOtlpExporter({
    clock: systemClock,
    log,
    endpoint,
    headers: parseHeaders(headers) ?? {},
    resource: { "service.name": config.otelServiceName, "process.pid": process.pid },
  });
}
