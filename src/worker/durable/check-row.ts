/**
 * A row of an object's database, of which the platform bounds the size
 * (https://developers.cloudflare.com/durable-objects/platform/limits/); its own error for one that is larger names nothing.
 */
import type { SqlValue } from "cloudflare:workers";
import { AppError } from "../../errors.ts";

const ROW_BYTES_MAX = 2_000_000;
/** What SQLite keeps beside the values. */
const ROW_BYTES_OWN = 1_000;
const NAME_CHARS_MAX = 200;
const encoder = new TextEncoder();

/** `what`: a part of the document, for people. Throws AppError payload_too_large. */
export function checkRow(what: string, documentId: string, values: readonly SqlValue[]): void {
  if (sum(values, toMost) <= ROW_BYTES_MAX) return;
  const bytes = sum(values, toBytes);
  if (bytes <= ROW_BYTES_MAX) return;
  throw new AppError("payload_too_large", {
    detail: `${what} of document ${documentId.slice(0, NAME_CHARS_MAX)} would take ${bytes} bytes of an object, where a row has at most ${ROW_BYTES_MAX}: cut the document into smaller chunks, or give it less metadata`,
  });
}

function sum(values: readonly SqlValue[], sizeOf: (value: SqlValue) => number): number {
  return values.reduce<number>((all, value) => all + sizeOf(value), ROW_BYTES_OWN);
}

/** No text is longer than that, and nearly every row is far smaller. */
function toMost(value: SqlValue): number {
  return typeof value === "string" ? value.length * 3 : toBytes(value);
}

function toBytes(value: SqlValue): number {
  if (typeof value === "string") return encoder.encode(value).length;
  return value instanceof ArrayBuffer ? value.byteLength : 8;
}
