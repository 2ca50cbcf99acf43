/** Metrics in the text format of Prometheus (version 0.0.4). */
import { type MetricDoc, type MetricName, METRICS } from "./metric-table.ts";
import type { MetricReading } from "./registry.ts";

const NEEDS_ESCAPE = /[\\"\n]/;

export function renderPrometheus(readings: readonly MetricReading[]): string {
  return readings
    .flatMap(({ name, values, histograms }) => {
      const { type, help } = METRICS[name];
      return [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...values.map(({ key, value }) => `${name}${key} ${value}`),
        ...histograms.flatMap((histogram) => toHistogramLines(name, histogram)),
      ];
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** `{kind="ask",outcome="finished"}`, or nothing where there are none. */
export function writeLabels(labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return "";
  return `{${labels.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}

function toHistogramLines(
  name: MetricName,
  { key, counts, sum, total }: MetricReading["histograms"][number],
): readonly string[] {
  const { buckets = [] }: MetricDoc = METRICS[name];
  let below = 0;
  const lines = buckets.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${withBound(key, String(bound))} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket${withBound(key, "+Inf")} ${total}`,
    `${name}_sum${key} ${sum}`,
    `${name}_count${key} ${total}`,
  ];
}

function withBound(key: string, bound: string): string {
  return key === "" ? `{le="${bound}"}` : `${key.slice(0, -1)},le="${bound}"}`;
}
