/** A meter that keeps its figures, and gives them out as they are and in the text format of Prometheus. */
import type { Labels, Meter, SetValue } from "./meter.ts";
import { type MetricDoc, type MetricName, METRICS } from "./metric-table.ts";
import { renderPrometheus, writeLabels } from "./prometheus-text.ts";

export interface MeterRegistry extends Meter {
  /** Every metric that has a value now, in the table's order. */
  read(): readonly MetricReading[];
  /** The same as text. */
  render(): string;
}

/** A metric with its series; a histogram has `histograms` and no `values`. */
export interface MetricReading {
  readonly name: MetricName;
  readonly values: readonly (LabelSet & { readonly value: number })[];
  readonly histograms: readonly (LabelSet & Histogram)[];
}

/** Which series of a metric. */
export interface LabelSet {
  /** In the table's order. */
  readonly labels: readonly (readonly [string, string])[];
  /** The labels as Prometheus writes them: `{kind="ask"}`, or nothing. */
  readonly key: string;
}

export interface Histogram {
  /** By bucket, each with its own only; what is above the last bound is in `total` alone. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly total: number;
}

/** Series of one metric; what comes after them is counted under `other`. */
const SERIES_MAX = 200;
const LABEL_CHARS_MAX = 64;
const OTHER = "other";
/** No text for people: control characters, and halves of characters. */
const UNFIT = /[\p{Cc}\p{Cs}]/u;
const ALL_UNFIT = /(?!\n)[\p{Cc}\p{Cs}]/gu;

type Value = LabelSet & { value: number };
type Buckets = LabelSet & { readonly counts: number[]; sum: number; total: number };
interface Series<T> {
  readonly byKey: Map<string, T>;
  /** The same by what callers gave, so that those of always are found without a look at each letter. */
  readonly byGiven: Map<string, T>;
}

/** Creates a registry in which nothing has been counted. */
export function createMeterRegistry(): MeterRegistry {
  const values = new Map<MetricName, Series<Value>>();
  const histograms = new Map<MetricName, Series<Buckets>>();
  const readers: ((set: SetValue) => void)[] = [];
  const readNow = (): ReadonlyMap<MetricName, Series<Value>> => {
    const found = new Map<MetricName, Series<Value>>();
    for (const reader of readers) {
      reader((name, value, labels = {}) => {
        find(found, name, labels, toValue).value = value;
      });
    }
    return found;
  };
  const read = (): readonly MetricReading[] => {
    const found = readNow();
    return (Object.keys(METRICS) as MetricName[]).flatMap((name) => {
      const reading = {
        name,
        values: [...listSeries(values, name), ...listSeries(found, name)],
        histograms: listSeries(histograms, name),
      };
      return reading.values.length + reading.histograms.length === 0 ? [] : [reading];
    });
  };

  return {
    count(name, labels = {}, by = 1) {
      find(values, name, labels, toValue).value += by;
    },
    observe(name, seconds, labels = {}) {
      const { buckets = [] }: MetricDoc = METRICS[name];
      const histogram = find(histograms, name, labels, (set) => toBuckets(set, buckets));
      histogram.sum += seconds;
      histogram.total += 1;
      const bucket = buckets.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
    },
    onRead(reader) {
      readers.push(reader);
    },
    read,
    render: () => renderPrometheus(read()),
  };
}

function toValue(set: LabelSet): Value {
  return { ...set, value: 0 };
}

function toBuckets(set: LabelSet, buckets: readonly number[]): Buckets {
  return { ...set, counts: buckets.map(() => 0), sum: 0, total: 0 };
}

function listSeries<T>(all: ReadonlyMap<MetricName, Series<T>>, name: MetricName): readonly T[] {
  return [...(all.get(name)?.byKey.values() ?? [])];
}

/** The series of these labels, made where it is missing. */
function find<T>(
  all: Map<MetricName, Series<T>>,
  name: MetricName,
  given: Labels,
  make: (set: LabelSet) => T,
): T {
  const series = all.get(name) ?? { byKey: new Map<string, T>(), byGiven: new Map<string, T>() };
  all.set(name, series);
  const asGiven = joinGiven(METRICS[name].labels, given);
  const known = series.byGiven.get(asGiven);
  if (known !== undefined) return known;
  const set = toLabelSet(name, given, series.byKey);
  const found = series.byKey.get(set.key) ?? make(set);
  series.byKey.set(set.key, found);
  if (series.byGiven.size < SERIES_MAX) series.byGiven.set(asGiven, found);
  return found;
}

/** Different for different labels: each value is marked with its length. */
function joinGiven(names: readonly string[], given: Labels): string {
  let joined = "";
  for (const name of names) {
    const value = given[name] ?? "";
    joined += `${value.length}:${value}`;
  }
  return joined;
}

/** The labels that the table names, in its order; those of a series too many are all `other`. */
function toLabelSet(
  name: MetricName,
  given: Labels,
  series: ReadonlyMap<string, unknown>,
): LabelSet {
  const names: readonly string[] = METRICS[name].labels;
  const labels = names.map((label) => [label, clean(given[label] ?? "")] as const);
  const key = writeLabels(labels);
  if (series.size < SERIES_MAX || series.has(key)) return { labels, key };
  const others = names.map((label) => [label, OTHER] as const);
  return { labels: others, key: writeLabels(others) };
}

function clean(value: string): string {
  if (value.length <= LABEL_CHARS_MAX && !UNFIT.test(value)) return value;
  return value.slice(0, LABEL_CHARS_MAX).replaceAll(ALL_UNFIT, "");
}
