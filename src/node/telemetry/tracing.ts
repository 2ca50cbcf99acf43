/** Spans by the settings, in a process: a tracer, and an exporter where an address is set. */
import { systemClock } from "../../async/clock.ts";
import { startDeadline } from "../../async/deadline.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Config } from "../../config.ts";
import { parsePairs } from "../../config/pairs.ts";
import { toCollectorUrls } from "../../config/telemetry.ts";
import type { Log } from "../../telemetry/log.ts";
import { createTraceScope } from "../../telemetry/trace-scope.ts";
import type { SpanExporter } from "../../telemetry/span-exporter.ts";
import { type Attributes, createTracer, type Tracer } from "../../telemetry/tracer.ts";

/** What exporters of every kind are made of. */
export interface ExportTarget {
  readonly config: Config;
  readonly log: Log;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Attributes;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Absent: spans are not kept, and nothing of the exporter is loaded. */
  readonly spans?: SpanExporter;
}

export async function createTracing(target: ExportTarget): Promise<Tracing> {
  const spans = await createSpans(target);
  const tracer = createTracer({
    clock: systemClock,
    scope: createTraceScope(),
    keep: spans === undefined ? undefined : (span) => spans.keep(span),
    hasContent: target.config.traceContent,
  });
  return { tracer, ...(spans === undefined ? {} : { spans }) };
}

async function createSpans(target: ExportTarget): Promise<SpanExporter | undefined> {
  const { traces: url } = toCollectorUrls(target.config);
  if (url === undefined) return undefined;
  const { createSpanExporter } = await import("../../telemetry/span-exporter.ts");
  const { log, headers, resource } = target;
  return createSpanExporter({ clock: systemClock, log, url, headers, resource });
}

/** The resource is this process: the figures of two of them must not be taken for those of one. */
export function toExportTarget(config: Config, log: Log): ExportTarget {
  return {
    config,
    log,
    headers: parsePairs(config.otelExporterOtlpHeaders ?? "") ?? {},
    resource: {
      "service.name": config.otelServiceName,
      "service.instance.id": crypto.randomUUID(),
      "process.pid": process.pid,
    },
  };
}

/** What sends something beside the work. */
export interface Exporter {
  flush(): Promise<void>;
  /** Gives up what is not sent. */
  close(): void;
}

/** For the last spans and figures, when the process ends. */
const FLUSH_MS = 2_000;

/** Sends what is left. What is not sent in time is given up, and nothing is under way any more. */
export async function flushExporters(exporters: readonly (Exporter | undefined)[]): Promise<void> {
  using deadline = startDeadline({ clock: systemClock, budgetMs: FLUSH_MS, stage: "flush" });
  const all = Promise.all(exporters.map(async (exporter) => exporter?.flush()));
  try {
    await untilAborted(all, deadline.signal);
  } catch (thrown) {
    if (!deadline.signal.aborted) throw thrown;
    for (const exporter of exporters) exporter?.close();
  }
}
