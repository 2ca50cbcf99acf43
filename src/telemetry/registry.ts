/** A meter that keeps its figures and writes them in the text format of Prometheus (version 0.0.4). */
import type { Labels, Meter, SetValue } from "./meter.ts";
import { type MetricDoc, type MetricName, METRICS } from "./metric-table.ts";

export interface MeterRegistry extends Meter {
  /** Every metric that has a value now. */
  render(): string;
}

/** Series of one metric; what comes after them is counted under `other`. */
const SERIES_MAX = 200;
const LABEL_CHARS_MAX = 64;
const OTHER = "other";
const NEEDS_ESCAPE = /[\\"\p{Cc}]/u;

interface Histogram {
  readonly counts: number[];
  sum: number;
  total: number;
}

/** Series by their labels as they are written: `{kind="ask"}`, or nothing. */
type Series<T> = Map<string, T>;

/** Creates a registry in which nothing has been counted. */
export function createMeterRegistry(): MeterRegistry {
  const values = new Map<MetricName, Series<number>>();
  const histograms = new Map<MetricName, Series<Histogram>>();
  const readers: ((set: SetValue) => void)[] = [];

  return {
    count(name, labels = {}, by = 1) {
      const series = findOrMake(values, name);
      const key = toKey(name, labels, series);
      series.set(key, (series.get(key) ?? 0) + by);
    },
    observe(name, seconds, labels = {}) {
      const { buckets = [] }: MetricDoc = METRICS[name];
      const series = findOrMake(histograms, name);
      const key = toKey(name, labels, series);
      const histogram = series.get(key) ?? { counts: buckets.map(() => 0), sum: 0, total: 0 };
      series.set(key, histogram);
      histogram.sum += seconds;
      histogram.total += 1;
      const bucket = buckets.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
    },
    onRead(read) {
      readers.push(read);
    },
    render() {
      const read = new Map<MetricName, Series<number>>();
      for (const reader of readers) {
        reader((name, value, labels = {}) => {
          const series = findOrMake(read, name);
          series.set(toKey(name, labels, series), value);
        });
      }
      const names = Object.keys(METRICS) as MetricName[];
      return names
        .flatMap((name) => {
          const lines = [
            ...toValueLines(name, values.get(name)),
            ...toValueLines(name, read.get(name)),
            ...toHistogramLines(name, histograms.get(name)),
          ];
          const { type, help } = METRICS[name];
          if (lines.length === 0) return [];
          return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
        })
        .map((line) => `${line}\n`)
        .join("");
    },
  };
}

function findOrMake<T>(all: Map<MetricName, Series<T>>, name: MetricName): Series<T> {
  const found = all.get(name) ?? new Map<string, T>();
  all.set(name, found);
  return found;
}

/** The labels that the table names, in its order; those of a series too many are all `other`. */
function toKey(name: MetricName, labels: Labels, series: Series<unknown>): string {
  const names: readonly string[] = METRICS[name].labels;
  if (names.length === 0) return "";
  const key = writeLabels(names.map((label) => [label, labels[label] ?? ""]));
  if (series.size < SERIES_MAX || series.has(key)) return key;
  return writeLabels(names.map((label) => [label, OTHER]));
}

function writeLabels(pairs: readonly (readonly [string, string])[]): string {
  return `{${pairs.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(",")}}`;
}

/** What a label must not hold is written as the format wants it; other control characters are left out. */
function escapeLabel(value: string): string {
  if (value.length <= LABEL_CHARS_MAX && !NEEDS_ESCAPE.test(value)) return value;
  return value
    .slice(0, LABEL_CHARS_MAX)
    .replace(/[\\"]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replace(/\p{Cc}/gu, "");
}

function toValueLines(name: MetricName, series: Series<number> = new Map()): readonly string[] {
  return [...series].map(([key, value]) => `${name}${key} ${value}`);
}

function toHistogramLines(name: MetricName, series: Series<Histogram> = new Map()): string[] {
  const { buckets = [] }: MetricDoc = METRICS[name];
  return [...series].flatMap(([key, { counts, sum, total }]) => {
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
  });
}

function withBound(key: string, bound: string): string {
  return key === "" ? `{le="${bound}"}` : `${key.slice(0, -1)},le="${bound}"}`;
}
