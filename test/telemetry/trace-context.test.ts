import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  createSpanId,
  parseTraceparent,
  startTrace,
  toTraceparent,
} from "../../src/telemetry/trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

test.each([
  [`00-${traceId}-${spanId}-01`, true],
  [`00-${traceId}-${spanId}-00`, false],
  [`00-${traceId}-${spanId}-03`, true],
  [`01-${traceId}-${spanId}-01-what-may-come`, true],
])("%s is a place in a trace", (header, sampled) => {
  expect(parseTraceparent(header)).toEqual({ traceId, spanId, sampled });
});

test.each([
  undefined,
  "",
  "nonsense",
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01-more`,
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01\n`,
  `01-${traceId}-${spanId}-01-${"x".repeat(1_000)}`,
])("%j is none", (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test("what is written is read again, and any other text is refused or harmless", () => {
  const { isNew: _isNew, ...context } = startTrace();
  const own = { ...context, spanId: createSpanId() };
  expect(parseTraceparent(toTraceparent(own))).toEqual(own);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (header) => {
      const read = parseTraceparent(header);
      expect(read === undefined || /^[\da-f]{32}$/.test(read.traceId)).toBe(true);
    }),
  );
});

test("a trace that has just begun has no span to name", () => {
  expect(toTraceparent(startTrace())).toBeUndefined();
  expect(toTraceparent(undefined)).toBeUndefined();
});
