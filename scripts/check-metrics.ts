/** Checks dashboard and alerts against the metrics that exist: `node scripts/check-metrics.ts` prints what is wrong. */
import { readFileSync } from "node:fs";
import { type MetricDoc, METRICS } from "../src/telemetry/metric-table.ts";
import { readCommandLine } from "./command-line.ts";

const FILES = ["docs/grafana-dashboard.json", "docs/alerts.yaml"];
/** A selector: the name, and its labels where there are any. */
const SELECTOR = /\b(tributary_[a-z0-9_]+)\b(?:\{([^}]*)\})?/g;
const GROUPING = /\b(?:by|without) ?\(([^)]*)\)/g;
const SERIES = /_(bucket|sum|count)$/;
/** Labels that Prometheus itself adds. */
const FOREIGN = new Set(["le", "instance", "job"]);

const metrics: Readonly<Record<string, MetricDoc>> = METRICS;

/** Everything in the text that names a metric or a label that is not there, one line each. */
export function findUnknownMetrics(text: string): readonly string[] {
  const expressions = text.replaceAll('\\"', '"');
  const used = [...expressions.matchAll(SELECTOR)];
  const labels = new Set(Object.values(metrics).flatMap((metric) => metric.labels));
  return [
    ...used.flatMap(([, name = "", given = ""]) => checkSelector(name, given)),
    ...[...expressions.matchAll(GROUPING)].flatMap(([all, names = ""]) =>
      toNames(names)
        .filter((name) => !labels.has(name) && !FOREIGN.has(name))
        .map((name) => `${all}: there is no label ${name}`),
    ),
  ];
}

function checkSelector(series: string, given: string): readonly string[] {
  const base = series.replace(SERIES, "");
  const metric = metrics[series] ?? metrics[base];
  if (metric === undefined) return [`there is no metric ${series}`];
  const isHistogram = metric.type === "histogram";
  if (isHistogram !== (metrics[series] === undefined)) {
    return [`${series}: a histogram is asked by its _bucket, _sum or _count`];
  }
  return [...given.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)]
    .map(([, label = ""]) => label)
    .filter((label) => !metric.labels.includes(label) && !FOREIGN.has(label))
    .map((label) => `${series} has no label ${label}`);
}

function toNames(list: string): readonly string[] {
  return list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Names of the metrics that the text asks for. */
export function findUsedMetrics(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(SELECTOR)].map(([, name = ""]) => name);
  return new Set(names.map((name) => (name in metrics ? name : name.replace(SERIES, ""))));
}

if (import.meta.main) {
  readCommandLine("node scripts/check-metrics.ts", {});
  const wrong = FILES.flatMap((file) =>
    findUnknownMetrics(readFileSync(file, "utf8")).map((line) => `${file}: ${line}`),
  );
  for (const line of wrong) console.error(line);
  console.log(wrong.length === 0 ? "every name exists" : `${wrong.length} names do not exist`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
