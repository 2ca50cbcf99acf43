/** Encoded values sort as the values do, and hold no NUL. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareText } from "../../src/stores/filter.ts";
import { encodeValue } from "../../src/worker/durable/encode.ts";

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\u0000", "\u0001", "\u0002", "a") }),
);

test("numbers sort by size, and 0 equals -0", () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(Math.sign(compareText(encodeValue(a), encodeValue(b)))).toBe(Math.sign(a - b) + 0);
    }),
  );
  expect(encodeValue(-0)).toBe(encodeValue(0));
});

test("texts sort by code point and stay different", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [left, right] = [a.toWellFormed(), b.toWellFormed()];
      const order = Math.sign(compareText(encodeValue(left), encodeValue(right)));
      expect(order).toBe(Math.sign(compareText(left, right)));
      expect(encodeValue(left)).not.toContain("\u0000");
    }),
  );
});
