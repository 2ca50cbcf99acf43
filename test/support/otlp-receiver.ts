/** A collector on 127.0.0.1 that decodes OTLP by its published schema, with code that is not ours. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import { decodeMetrics, type ReceivedMetrics } from "./decode-metrics.ts";

/** The part of opentelemetry-proto's trace messages that is sent, with its numbers. */
const SCHEMA = `
syntax = "proto3";
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4;
  string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10; Status status = 15; fixed32 flags = 16;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue {
  oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
}
message ArrayValue { repeated AnyValue values = 1; }
`;
const Request = protobuf.parse(SCHEMA).root.lookupType("ExportTraceServiceRequest");

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root. */
  readonly parentSpanId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message: string };
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** One for each export of metrics. */
  readonly metrics: readonly ReceivedMetrics[];
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
  }[];
  readonly resource: Readonly<Record<string, unknown>>;
  /** Everything that came, for a look for texts that must not be in it. */
  readonly raw: string;
}

/** `answer`: what becomes of a request; `hang` never answers. */
export async function startOtlpReceiver(answer: number | "hang" = 200): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetrics[] = [];
  const requests: { path: string; headers: IncomingMessage["headers"] }[] = [];
  const state = { resource: {}, raw: "" };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers });
      const body = Buffer.concat(parts);
      state.raw += body.toString("latin1");
      if (request.url?.includes("metrics") === true) metrics.push(decodeMetrics(body));
      else {
        const { resource, found } = decodeSpans(body);
        state.resource = resource;
        spans.push(...found);
      }
      if (answer !== "hang") response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    requests,
    get resource() {
      return state.resource;
    },
    get raw() {
      return state.raw;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Decoded {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Pair[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}
/** What is nought or empty is not on the wire. */
interface WireSpan {
  readonly traceId?: Uint8Array;
  readonly spanId?: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: readonly Pair[];
  readonly status?: { readonly code?: number; readonly message?: string };
}
type Pair = { readonly key?: string; readonly value?: Value };
type Value = { readonly arrayValue?: { readonly values?: readonly Value[] } } & Record<
  string,
  unknown
>;

/** Throws when the body is not what the schema says. */
export function decodeSpans(body: Uint8Array): {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly found: readonly ReceivedSpan[];
} {
  const message = Request.toObject(Request.decode(body), {
    longs: String,
    arrays: true,
  }) as Decoded;
  const [first] = message.resourceSpans;
  return {
    resource: toRecord(first?.resource.attributes ?? []),
    found: message.resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map(toSpan)),
    ),
  };
}

function toSpan(span: WireSpan): ReceivedSpan {
  return {
    name: span.name ?? "",
    kind: span.kind ?? 0,
    traceId: toHex(span.traceId),
    spanId: toHex(span.spanId),
    parentSpanId: toHex(span.parentSpanId),
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    attributes: toRecord(span.attributes ?? []),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
  };
}

function toHex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString("hex");
}

function toRecord(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key = "", value }) => [key, toValue(value)]));
}

function toValue(value: Value | undefined): unknown {
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(toValue);
  if (value !== undefined && "intValue" in value) return Number(value["intValue"]);
  return Object.values(value ?? {})[0];
}

/** A tree of names: `run(embed(embeddings m) answer)`, siblings sorted by name. */
export function toTree(spans: readonly ReceivedSpan[]): string {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const under = (parent: string): string =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .map((span) => `${span.name}${wrap(under(span.spanId))}`)
      .toSorted()
      .join(" + ");
  const wrap = (inner: string): string => (inner === "" ? "" : `(${inner})`);
  const roots = spans.filter(({ parentSpanId }) => !known.has(parentSpanId));
  return roots.map((root) => `${root.name}${wrap(under(root.spanId))}`).join(" | ");
}
