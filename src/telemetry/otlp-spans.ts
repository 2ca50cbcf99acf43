/** Spans in the protobuf form of OTLP: one `ExportTraceServiceRequest` (opentelemetry-proto 1.x). */
import { toNanoseconds, writeAttributes, writeRequest } from "./otlp-common.ts";
import { ProtoWriter } from "./proto-writer.ts";
import type { Attributes, SpanRecord } from "./tracer.ts";

/** Numbers of fields, as the published schema has them. */
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

const KINDS: Readonly<Record<SpanRecord["kind"], number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;

/** The request's body. `resource` says whose spans they are. */
export function encodeSpans(
  spans: readonly SpanRecord[],
  resource: Attributes,
): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter();
  writeRequest(writer, resource, spans, (span) => writeSpan(writer, span));
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
