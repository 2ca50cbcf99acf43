/** The settings of what is seen of the service: its log, its metrics, its traces. */
import { BaseUrl, Flag, Milliseconds, Text } from "./kinds.ts";
import { Pairs } from "./pairs.ts";

const LEVEL = /^(info|warn|error|off)$/;
const LEVELS_ERROR = "must be a level (info, warn, error, off), or a list such as info,run=off";
/** A level for all events, or levels for single ones behind it. */
const Levels = Text.refine(
  (text) => text.split(",").every((part) => LEVEL.test(part.trim().split("=").at(-1) ?? "")),
  { error: LEVELS_ERROR },
);

export const TELEMETRY_SETTINGS = {
  logLevel: Levels.default("info").describe(
    "Lowest level that is written: info, warn, error or off; for single events too, as in info,run=off.",
  ),
  logContent: Flag.default(false).describe(
    "Whether the log may hold what is asked and answered. Off: no text of a caller or a document is in it.",
  ),
  metrics: Flag.default(true).describe("Whether runs are measured and GET /metrics shows it."),
  otelExporterOtlpEndpoint: BaseUrl.optional().describe(
    "Address of an OpenTelemetry collector that takes OTLP over HTTP, without /v1/traces and /v1/metrics. Unset: none is sent anything.",
  ),
  otelExporterOtlpTracesEndpoint: BaseUrl.optional().describe(
    "The whole address for spans, where it is another one, or only spans are to be sent.",
  ),
  otelExporterOtlpMetricsEndpoint: BaseUrl.optional().describe(
    "The whole address for metrics, where it is another one, or only metrics are to be sent.",
  ),
  otelExporterOtlpHeaders: Pairs.optional().describe(
    "Headers for the collector, as in name=value,other=value; may hold its key.",
  ),
  otelMetricExportInterval: Milliseconds.default(60_000).describe(
    "Milliseconds between two exports of metrics to the collector.",
  ),
  otelServiceName: Text.default("tributary").describe(
    "Name of the service in its spans and metrics.",
  ),
  traceContent: Flag.default(false).describe(
    "Whether spans may hold questions, passages and answers.",
  ),
};

/** Where spans and metrics go; absent: nowhere. */
export interface CollectorUrls {
  readonly traces?: string;
  readonly metrics?: string;
}

/** An address of its own is taken as it is, and the common one has the usual paths below it (OTLP exporter specification). */
export function toCollectorUrls(settings: {
  readonly otelExporterOtlpEndpoint?: string | undefined;
  readonly otelExporterOtlpTracesEndpoint?: string | undefined;
  readonly otelExporterOtlpMetricsEndpoint?: string | undefined;
}): CollectorUrls {
  const {
    otelExporterOtlpEndpoint: common,
    otelExporterOtlpTracesEndpoint: ofTraces,
    otelExporterOtlpMetricsEndpoint: ofMetrics,
  } = settings;
  const below = (path: string): string | undefined =>
    common === undefined ? undefined : `${common.replace(/\/+$/, "")}${path}`;
  const [traces, metrics] = [ofTraces ?? below("/v1/traces"), ofMetrics ?? below("/v1/metrics")];
  return {
    ...(traces === undefined ? {} : { traces }),
    ...(metrics === undefined ? {} : { metrics }),
  };
}
