/** Our reader of Arrow against what the library writes, and against damage. */
import {
  Binary,
  Bool,
  Float32,
  Float64,
  Int32,
  Int64,
  LargeUtf8,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { BodyCompression } from "apache-arrow/fb/body-compression";
import { BodyCompressionMethod } from "apache-arrow/fb/body-compression-method";
import { CompressionType } from "apache-arrow/fb/compression-type";
import { RecordBatch } from "apache-arrow/fb/record-batch";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { type ArrowTable, readArrow } from "../../../src/stores/lance/arrow-table.ts";

const ROWS_MAX = 100;
const bytes = (...values: number[]) => Uint8Array.from(values);
const columns = {
  id: vectorFromArray([0n, 2n ** 64n - 1n, 5n], new Uint64()),
  signed: vectorFromArray([-1n, null, 2n ** 40n], new Int64()),
  position: vectorFromArray([0, -7, null], new Int32()),
  score: vectorFromArray([0.5, null, -2], new Float32()),
  exact: vectorFromArray([0.1, 5e-324, null], new Float64()),
  text: vectorFromArray(["über", null, "😀 \u0000 \ufeffend"], new Utf8()),
  long: vectorFromArray(["a", "", null], new LargeUtf8()),
  blob: vectorFromArray([bytes(0, 255), null, bytes()], new Binary()),
};
const expected = {
  id: [0n, 2n ** 64n - 1n, 5n],
  signed: [-1n, null, 2n ** 40n],
  position: [0, -7, null],
  score: [0.5, null, -2],
  exact: [0.1, 5e-324, null],
  text: ["über", null, "😀 \u0000 \ufeffend"],
  long: ["a", "", null],
  blob: [bytes(0, 255), null, bytes()],
};
const toObject = ({ columns }: ArrowTable) => Object.fromEntries(columns);

describe.each(["file", "stream"] as const)("a %s", (format) => {
  test("gives every type's values and what is missing", () => {
    const read = readArrow(tableToIPC(new Table(columns), format), ROWS_MAX);
    expect(read.rows).toBe(3);
    expect(toObject(read)).toEqual(expected);
  });

  test("of several batches is one table, one of none has its columns", () => {
    const one = new Table({ position: columns.position });
    const all = one.concat(one);
    expect(toObject(readArrow(tableToIPC(all, format), ROWS_MAX))["position"]).toEqual([
      ...expected.position,
      ...expected.position,
    ]);
    const none = readArrow(tableToIPC(one.slice(0, 0), format), ROWS_MAX);
    expect(none.rows).toBe(0);
    expect(toObject(none)).toEqual({ position: [] });
  });

  test("of more rows than may be, and of a type that was not asked for, is refused", () => {
    expect(() => readArrow(tableToIPC(new Table(columns), format), 2)).toThrow(RangeError);
    const flags = new Table({ flag: vectorFromArray([true], new Bool()) });
    expect(() => readArrow(tableToIPC(flags, format), ROWS_MAX)).toThrow(RangeError);
  });

  test("whose rows are compressed is refused as that", () => {
    // The library does not compress; what says that it did is one more field.
    const start = RecordBatch.startRecordBatch.bind(RecordBatch);
    using _ = vi.spyOn(RecordBatch, "startRecordBatch").mockImplementation((builder) => {
      const compression = BodyCompression.createBodyCompression(
        builder,
        CompressionType.LZ4_FRAME,
        BodyCompressionMethod.BUFFER,
      );
      start(builder);
      RecordBatch.addCompression(builder, compression);
    });
    const compressed = tableToIPC(new Table(columns), format);
    expect(() => readArrow(compressed, ROWS_MAX)).toThrow(/compresses/);
  });

  test("whose texts lie over one another is not unpacked to many times of what was sent", () => {
    const rows = 99;
    const data = new Uint8Array(10_000).fill(97);
    // Every second row is null, and goes back to the start.
    const valueOffsets = Int32Array.from({ length: rows + 1 }, (_, row) => (row % 2) * data.length);
    const nullBitmap = new Uint8Array(Math.ceil(rows / 8)).fill(0x55);
    const parts = { type: new Utf8(), length: rows, nullCount: 49, nullBitmap, valueOffsets, data };
    const text = makeVector(makeData(parts));
    expect(() => readArrow(tableToIPC(new Table({ text }), format), ROWS_MAX)).toThrow(RangeError);
  });

  test("of more columns than any table here has is refused", () => {
    const many = Array.from({ length: 65 }, (_, index) => [`c${index}`, columns.position] as const);
    const wide = tableToIPC(new Table(Object.fromEntries(many)), format);
    expect(() => readArrow(wide, ROWS_MAX)).toThrow(/too many columns/);
  });

  test("of less than no rows gives no room for more than may be", () => {
    const rows = 77n;
    const one = new Table({ position: vectorFromArray(new Int32Array(Number(rows))) });
    const ipc = tableToIPC(one.concat(one), format);
    const view = new DataView(ipc.buffer, ipc.byteOffset, ipc.byteLength);
    const counts = Array.from({ length: ipc.length >> 3 }, (_, index) => index * 8).filter(
      (at) => view.getBigInt64(at, true) === rows,
    );
    const [length = 0, nodeLength = 0] = counts;
    for (const at of [length, nodeLength]) view.setBigInt64(at, -rows, true);
    expect(counts).toHaveLength(4);
    expect(() => readArrow(ipc, ROWS_MAX)).toThrow(RangeError);
  });

  test("damaged anywhere is read or refused, and nothing else happens", () => {
    const whole = tableToIPC(new Table(columns), format);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(3), (at, value, spread) => {
        const damaged = whole.slice();
        for (let index = at; index <= at + spread && index < whole.length; index += 1) {
          damaged[index] = value;
        }
        expect(isReadOrRefused(damaged)).toBe(true);
        expect(isReadOrRefused(whole.subarray(0, at))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

test.each([
  ["nothing", bytes()],
  ["a page", new TextEncoder().encode("<!doctype html><p>Service unavailable")],
  ["JSON", new TextEncoder().encode('{"rows":[]}')],
])("%s is refused", (_, given) => expect(() => readArrow(given, ROWS_MAX)).toThrow(RangeError));

function isReadOrRefused(given: Uint8Array): boolean {
  try {
    return readArrow(given, ROWS_MAX).rows <= ROWS_MAX;
  } catch (thrown) {
    return thrown instanceof RangeError || thrown instanceof AppError;
  }
}
