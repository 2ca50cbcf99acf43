/** Decodes OTLP metrics by their published schema, with code that is not ours, into series as Prometheus names them. */
import protobuf from "protobufjs";

/** The part of opentelemetry-proto's metrics messages that is sent, with its numbers. */
const SCHEMA = `
syntax = "proto3";
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; }
message Metric {
  string name = 1; string description = 2; string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  uint32 flags = 8;
}
message HistogramDataPoint {
  repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
  uint32 flags = 10; optional double min = 11; optional double max = 12;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`;
const Request = protobuf.parse(SCHEMA).root.lookupType("ExportMetricsServiceRequest");

export interface ReceivedMetrics {
  /** `name{label="value"}` to its value; histograms by their cumulative buckets, sums and counts. */
  readonly series: ReadonlyMap<string, number>;
  readonly types: ReadonlyMap<string, "counter" | "gauge" | "histogram">;
  readonly units: ReadonlyMap<string, string>;
  readonly resource: Readonly<Record<string, unknown>>;
  /** Of all points: when counting began and until when. */
  readonly periods: ReadonlySet<string>;
}

type Pair = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
interface Point {
  readonly attributes: readonly Pair[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}
type NumberPoint = Point & { readonly asDouble: number };
type HistogramPoint = Point & {
  readonly count: string;
  readonly sum: number;
  readonly bucketCounts: readonly string[];
  readonly explicitBounds: readonly number[];
};
interface Sum {
  readonly dataPoints: readonly NumberPoint[];
  readonly aggregationTemporality: number;
  readonly isMonotonic: boolean;
}
interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] };
  readonly sum?: Sum;
  readonly histogram?: Omit<Sum, "dataPoints"> & { readonly dataPoints: readonly HistogramPoint[] };
}
interface Decoded {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** Throws when the body is not what the schema says, or counts anything else than from the start. */
export function decodeMetrics(body: Uint8Array): ReceivedMetrics {
  const message = Request.toObject(Request.decode(body), { longs: String, arrays: true });
  const [first] = (message as Decoded).resourceMetrics;
  const found = {
    series: new Map<string, number>(),
    types: new Map<string, "counter" | "gauge" | "histogram">(),
    units: new Map<string, string>(),
    periods: new Set<string>(),
    resource: Object.fromEntries(
      (first?.resource.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
    ),
  };
  for (const metric of first?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []) {
    const { name, unit } = metric;
    if (found.types.has(name)) throw new Error(`${name} is there twice`);
    if (unit !== undefined) found.units.set(name, unit);
    found.types.set(name, readMetric(metric, found));
  }
  return found;
}

/** Returns its type. */
function readMetric(metric: Metric, found: Found): "counter" | "gauge" | "histogram" {
  const { name, gauge, sum, histogram } = metric;
  if (gauge !== undefined) {
    readNumbers(name, gauge.dataPoints, found);
    return "gauge";
  }
  if ((sum ?? histogram)?.aggregationTemporality !== 2) throw new Error(`${name}: not cumulative`);
  for (const point of histogram?.dataPoints ?? []) readHistogram(name, point, found);
  if (sum === undefined) return "histogram";
  if (!sum.isMonotonic) throw new Error(`${name}: may shrink`);
  readNumbers(name, sum.dataPoints, found);
  return "counter";
}

interface Found {
  readonly series: Map<string, number>;
  readonly periods: Set<string>;
}

function readNumbers(name: string, points: readonly NumberPoint[], found: Found): void {
  for (const point of points) {
    add(`${name}${toLabels(point)}`, point.asDouble, found);
    found.periods.add(`${point.startTimeUnixNano} ${point.timeUnixNano}`);
  }
}

function readHistogram(name: string, point: HistogramPoint, found: Found): void {
  const { count, sum, bucketCounts, explicitBounds } = point;
  if (bucketCounts.length !== explicitBounds.length + 1) throw new Error(`${name}: buckets`);
  let below = 0;
  for (const [index, own] of bucketCounts.entries()) {
    below += Number(own);
    const le = String(explicitBounds[index] ?? "+Inf");
    add(`${name}_bucket${toLabels(point, le)}`, below, found);
  }
  if (below !== Number(count)) throw new Error(`${name}: the buckets are not all of them`);
  add(`${name}_sum${toLabels(point)}`, sum, found);
  add(`${name}_count${toLabels(point)}`, Number(count), found);
  found.periods.add(`${point.startTimeUnixNano} ${point.timeUnixNano}`);
}

function add(series: string, value: number, { series: all }: Found): void {
  if (all.has(series)) throw new Error(`${series} is there twice`);
  all.set(series, value);
}

function toLabels({ attributes }: Point, le?: string): string {
  const pairs = attributes.map(({ key, value }) => [key, String(value["stringValue"])]);
  if (le !== undefined) pairs.push(["le", le]);
  const texts = pairs.map(([key = "", value = ""]) => `${key}=${JSON.stringify(value)}`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}
