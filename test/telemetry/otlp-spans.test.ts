import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createSpanBatch } from "../../src/telemetry/otlp-spans.ts";
import type { Attributes, SpanRecord } from "../../src/telemetry/tracer.ts";
import { decodeSpans } from "../support/otlp-receiver.ts";

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const text = fc.string({ unit: "grapheme", maxLength: 300 });
const value = fc.oneof(
  text,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
  fc.array(text, { minLength: 1, maxLength: 5 }),
);
const span: fc.Arbitrary<SpanRecord> = fc.record({
  name: text,
  kind: fc.constantFrom("internal", "server", "client"),
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: hex(16),
  startMs: fc.integer({ min: 0, max: 4e12 }),
  endMs: fc.integer({ min: 0, max: 4e12 }),
  attributes: fc.dictionary(text, value, { maxKeys: 6 }),
});

function encodeSpans(spans: readonly SpanRecord[], resource: Attributes): Uint8Array {
  const batch = createSpanBatch(resource);
  for (const one of spans) batch.add(one);
  expect(batch.size).toBe(spans.length);
  return batch.finish();
}

test("another decoder reads every span as it was", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
      const { found, resource } = decodeSpans(encodeSpans(spans, { "service.name": "s" }));
      expect(resource).toEqual({ "service.name": "s" });
      expect(found).toEqual(
        spans.map((one) => ({
          name: one.name,
          kind: { internal: 1, server: 2, client: 3 }[one.kind],
          traceId: one.traceId,
          spanId: one.spanId,
          parentSpanId: one.parentSpanId,
          startNs: BigInt(one.startMs) * 1_000_000n,
          endNs: BigInt(one.endMs) * 1_000_000n,
          attributes: { ...one.attributes },
          status: { code: 0, message: "" },
        })),
      );
    }),
  );
});

test("an error is the span's status and its type; a root has no parent", () => {
  const failed: SpanRecord = {
    name: "x",
    kind: "client",
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    startMs: 1.5,
    endMs: 2.000_001,
    attributes: {},
    error: "upstream_stalled",
  };
  expect(decodeSpans(encodeSpans([failed], {})).found[0]).toMatchObject({
    parentSpanId: "",
    startNs: 1_500_000n,
    endNs: 2_000_001n,
    status: { code: 2, message: "upstream_stalled" },
    attributes: { "error.type": "upstream_stalled" },
  });
});
