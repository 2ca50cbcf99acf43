/** Values that are compared in SQL, as texts whose order is the values' own. */
import type { Scalar } from "../../domain/filter.ts";

const SIGN = 0x8000_0000;

/**
 * Text by code point, numbers by size, `true` above `false`; lone surrogates count as U+FFFD and 0 equals -0.
 * The texts hold no NUL, at which JSON functions of SQL would stop.
 */
export function encodeValue(value: Scalar): string {
  if (typeof value === "string") return encodeText(value);
  return typeof value === "number" ? encodeNumber(value) : value ? "1" : "0";
}

/** U+0000 and U+0001 as two characters each; everything else is itself. */
export function encodeText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\u0001", "\u0001\u0002")
    .replaceAll("\u0000", "\u0001\u0001");
}

/** The bits of the double as hexadecimal digits, turned so that they sort as the numbers do. */
function encodeNumber(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  const [high, low] = [view.getUint32(0), view.getUint32(4)];
  const isNegative = high >= SIGN;
  const digits = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
  return isNegative ? digits(~high) + digits(~low) : digits(high ^ SIGN) + digits(low);
}
