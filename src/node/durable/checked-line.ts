/** One JSON value a line, behind a checksum that tells whether it is what was written. */
import { crc32 } from "node:zlib";

const SUM_CHARS = 8;

/** `2f1c0b7a {"format":1,…}` with its line break. */
export function toCheckedLine(value: object): string {
  const json = JSON.stringify(value);
  return `${toSum(json)} ${json}\n`;
}

/** The value of a line without its line break; `broken` when it is not what was written. */
export function parseCheckedLine(line: string): { readonly value: unknown } | "broken" {
  const json = line.slice(SUM_CHARS + 1);
  if (toSum(json) !== line.slice(0, SUM_CHARS) || line[SUM_CHARS] !== " ") return "broken";
  return { value: JSON.parse(json) as unknown }; // the sum says that it is JSON
}

/** The format a newer program gave to what it wrote; 0 where there is none. */
export function readFormat(value: unknown): number {
  const format = (value as { readonly format?: unknown } | null | undefined)?.format;
  return typeof format === "number" ? format : 0;
}

function toSum(json: string): string {
  return crc32(json).toString(16).padStart(SUM_CHARS, "0");
}
