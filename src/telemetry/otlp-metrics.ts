/** Metrics in the protobuf form of OTLP: one `ExportMetricsServiceRequest` (opentelemetry-proto 1.x), cumulative. */
import { type MetricDoc, METRICS } from "./metric-table.ts";
import { OtlpRequest, toNanoseconds, writeAttribute } from "./otlp-common.ts";
import type { ProtoWriter } from "./proto-writer.ts";
import type { LabelSet, MetricReading } from "./registry.ts";
import type { Attributes } from "./tracer.ts";

/** Numbers of fields, as the published schema has them. */
const METRIC = { name: 1, description: 2, unit: 3, gauge: 5, sum: 7, histogram: 9 } as const;
const DATA = { points: 1, temporality: 2, isMonotonic: 3 } as const;
const POINT = { start: 2, time: 3, double: 4, attributes: 7 } as const;
const HISTOGRAM_POINT = {
  start: 2,
  time: 3,
  count: 4,
  sum: 5,
  counts: 6,
  bounds: 7,
  attributes: 9,
} as const;
const CUMULATIVE = 2;

/** When counting began, and now: milliseconds since 1970. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** The request's body. Names are those of `/metrics`; `resource` says whose metrics they are. */
export function encodeMetrics(
  readings: readonly MetricReading[],
  period: Period,
  resource: Attributes,
): Uint8Array<ArrayBuffer> {
  const request = new OtlpRequest<MetricReading>(resource, (writer, reading) =>
    writeMetric(writer, reading, period),
  );
  for (const reading of readings) request.add(reading);
  return request.finish();
}

function writeMetric(writer: ProtoWriter, reading: MetricReading, period: Period): void {
  const { name, values, histograms } = reading;
  const { type, help, buckets = [] }: MetricDoc = METRICS[name];
  writer.text(METRIC.name, name);
  writer.text(METRIC.description, help);
  const unit = toUnit(name);
  if (unit !== undefined) writer.text(METRIC.unit, unit);
  if (type === "histogram") {
    writer.message(METRIC.histogram, () => {
      for (const one of histograms) writeHistogram(writer, one, { buckets, period });
      writer.varint(DATA.temporality, CUMULATIVE);
    });
    return;
  }
  const isSum = type === "counter";
  writer.message(isSum ? METRIC.sum : METRIC.gauge, () => {
    for (const one of values) writePoint(writer, one, period);
    if (!isSum) return;
    writer.varint(DATA.temporality, CUMULATIVE);
    writer.varint(DATA.isMonotonic, 1);
  });
}

/** A fraction also where it is whole: a series must not change its type on the way. */
function writePoint(
  writer: ProtoWriter,
  { labels, value }: MetricReading["values"][number],
  period: Period,
): void {
  writer.message(DATA.points, () => {
    writePeriod(writer, period);
    writer.double(POINT.double, value);
    writeLabelSet(writer, POINT.attributes, labels);
  });
}

function writeHistogram(
  writer: ProtoWriter,
  { labels, counts, sum, total }: MetricReading["histograms"][number],
  { buckets, period }: { readonly buckets: readonly number[]; readonly period: Period },
): void {
  const above = total - counts.reduce((all, count) => all + count, 0);
  writer.message(DATA.points, () => {
    writePeriod(writer, period);
    writer.fixed64(HISTOGRAM_POINT.count, BigInt(total));
    writer.double(HISTOGRAM_POINT.sum, sum);
    writer.packedFixed64(HISTOGRAM_POINT.counts, [...counts, above]);
    writer.packedDoubles(HISTOGRAM_POINT.bounds, buckets);
    writeLabelSet(writer, HISTOGRAM_POINT.attributes, labels);
  });
}

function writePeriod(writer: ProtoWriter, { startMs, endMs }: Period): void {
  writer.fixed64(POINT.start, toNanoseconds(startMs));
  writer.fixed64(POINT.time, toNanoseconds(endMs));
}

function writeLabelSet(writer: ProtoWriter, field: number, labels: LabelSet["labels"]): void {
  for (const [label, value] of labels) writeAttribute(writer, field, label, value);
}

/** As UCUM writes it; a name of a metric tells its unit. */
function toUnit(name: string): string | undefined {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return name.endsWith("_bytes") ? "By" : undefined;
}
