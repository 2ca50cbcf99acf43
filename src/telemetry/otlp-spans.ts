/** Spans in the protobuf form of OTLP: one `ExportTraceServiceRequest` (opentelemetry-proto 1.x). */
import { OtlpRequest, toNanoseconds, writeAttribute, writeAttributes } from "./otlp-common.ts";
import type { ProtoWriter } from "./proto-writer.ts";
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

/** A request without spans yet. `resource` says whose they are. */
export function createSpanBatch(resource: Attributes): OtlpRequest<SpanRecord> {
  return new OtlpRequest(resource, writeSpan);
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
  writeAttributes(writer, SPAN.attributes, span.attributes);
  if (error === undefined) return;
  writeAttribute(writer, SPAN.attributes, "error.type", error);
  writer.message(SPAN.status, () => {
    writer.text(STATUS.message, error);
    writer.varint(STATUS.code, STATUS_ERROR);
  });
}
