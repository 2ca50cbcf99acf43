/** Spans in the protobuf form of OTLP: one `ExportTraceServiceRequest` (opentelemetry-proto 1.x). */
import { ProtoWriter } from "./proto-writer.ts";
import type { Attributes, SpanRecord } from "./tracer.ts";

/** Numbers of fields, as the published schema has them. */
const REQUEST = { resourceSpans: 1 } as const;
const RESOURCE_SPANS = { resource: 1, scopeSpans: 2 } as const;
const RESOURCE = { attributes: 1 } as const;
const SCOPE_SPANS = { scope: 1, spans: 2 } as const;
const SCOPE = { name: 1 } as const;
const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  status: 15,
} as const;
const STATUS = { message: 2, code: 3 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;
const ANY_VALUE = { text: 1, boolean: 2, whole: 3, double: 4, list: 5 } as const;
const LIST = { values: 1 } as const;

const KINDS: Readonly<Record<SpanRecord["kind"], number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;
const NANOSECONDS = 1_000_000;
const SCOPE_NAME = "tributary";

/** The request's body. `resource` says whose spans they are. */
export function encodeSpans(
  spans: readonly SpanRecord[],
  resource: Attributes,
): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter();
  writer.message(REQUEST.resourceSpans, () => {
    writer.message(RESOURCE_SPANS.resource, () => {
      writeAttributes(writer, RESOURCE.attributes, resource);
    });
    writer.message(RESOURCE_SPANS.scopeSpans, () => {
      writer.message(SCOPE_SPANS.scope, () => writer.text(SCOPE.name, SCOPE_NAME));
      for (const span of spans) {
        writer.message(SCOPE_SPANS.spans, () => writeSpan(writer, span));
      }
    });
  });
  return writer.finish();
}

function writeSpan(writer: ProtoWriter, span: SpanRecord): void {
  const { error, parentSpanId } = span;
  writer.hex(SPAN.traceId, span.traceId);
  writer.hex(SPAN.spanId, span.spanId);
  if (parentSpanId !== undefined) writer.hex(SPAN.parentSpanId, parentSpanId);
  writer.text(SPAN.name, span.name);
  writer.varint(SPAN.kind, KINDS[span.kind]);
  writer.fixed64(SPAN.start, toNanoseconds(span.startMs));
  writer.fixed64(SPAN.end, toNanoseconds(span.endMs));
  const attributes =
    error === undefined ? span.attributes : { ...span.attributes, "error.type": error };
  writeAttributes(writer, SPAN.attributes, attributes);
  if (error === undefined) return;
  writer.message(SPAN.status, () => {
    writer.text(STATUS.message, error);
    writer.varint(STATUS.code, STATUS_ERROR);
  });
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, () => {
      writer.text(KEY_VALUE.key, key);
      writer.message(KEY_VALUE.value, () => writeValue(writer, value));
    });
  }
}

function writeValue(writer: ProtoWriter, value: Attributes[string]): void {
  if (typeof value === "string") writer.text(ANY_VALUE.text, value);
  else if (typeof value === "boolean") writer.varint(ANY_VALUE.boolean, value ? 1 : 0);
  else if (typeof value !== "number") {
    writer.message(ANY_VALUE.list, () => {
      for (const one of value) writer.message(LIST.values, () => writeValue(writer, one));
    });
  } else if (Number.isSafeInteger(value)) writer.varint(ANY_VALUE.whole, value);
  else writer.double(ANY_VALUE.double, value);
}

function toNanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * BigInt(NANOSECONDS) + BigInt(Math.round((ms - whole) * NANOSECONDS));
}
