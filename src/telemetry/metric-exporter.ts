/** Sends all metrics to a collector now and then, beside the work. What one export loses the next one brings: the figures are cumulative. */
import { type CollectorOptions, createCollector } from "./collector.ts";
import { encodeMetrics } from "./otlp-metrics.ts";
import type { MeterRegistry } from "./registry.ts";
import type { Attributes } from "./tracer.ts";

export interface MetricExporter {
  /** Sends them every interval from now on, until `flush`. */
  start(): void;
  /** Sends them if the interval is over since they were sent in this way; for those who have no timer. Never rejects. */
  sendIfDue(): Promise<void>;
  /** Sends them a last time. Never rejects. */
  flush(): Promise<void>;
  /** Gives up the export under way. */
  close(): void;
}

export interface MetricExporterOptions extends Omit<CollectorOptions, "signal"> {
  readonly registry: Pick<MeterRegistry, "read">;
  /** Whose metrics these are; two processes must differ in it. */
  readonly resource: Attributes;
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Creates an exporter whose figures count from now on. */
export function createMetricExporter(options: MetricExporterOptions): MetricExporter {
  const { clock, log, registry, resource, intervalMs, now = Date.now } = options;
  const collector = createCollector({ ...options, signal: "metrics" });
  const startMs = now();
  let isStarted = false;
  let cancelTimer = (): void => {};
  let sending: Promise<void> | undefined;
  let dueMs = Number.NEGATIVE_INFINITY;

  const send = async (): Promise<void> => {
    try {
      const body = encodeMetrics(registry.read(), { startMs, endMs: now() }, resource);
      collector.report(await collector.post(body));
    } catch (thrown) {
      // A bug in what only looks must not cost the process.
      log.error("metrics-not-exported", thrown);
    }
  };
  /** The interval counts from the end of the export before, so that a collector that hangs holds one request. */
  const arm = (): void => {
    cancelTimer = clock.timer(intervalMs, () => {
      sending = send().finally(() => {
        sending = undefined;
        if (isStarted) arm();
      });
    });
  };
  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      arm();
    },
    async sendIfDue() {
      if (clock.now() < dueMs) return;
      dueMs = clock.now() + intervalMs;
      await send();
    },
    async flush() {
      isStarted = false;
      cancelTimer();
      await sending;
      await send();
    },
    close: () => collector.close(),
  };
}
