/** Puts another text into a part of a zip, for parsers that are only ever given the whole file. */
import { crc32 } from "node:zlib";
import { joinBytes } from "../../src/text/read-bytes.ts";
import { findPacked, walkDirectory } from "./zip-directory.ts";

const VERSION = 20;
/** Flags, method, time, date, checksum and both sizes: the same in the directory as before each part. */
const FIELDS_BYTES = 20;
/** Flag of sizes that stand behind the part. */
const SIZES_FOLLOW = 8;

/** The zip with the part's text replaced, as `replaceParts` does. */
export function replacePart(bytes: Uint8Array, name: string, text: string): Uint8Array {
  return replaceParts(bytes, new Map([[name, text]]));
}

/**
 * The zip with the texts of these parts replaced, all others packed as they are. The same bytes where it has none of
 * them, or one of its parts is not all there or of the 64-bit kind.
 */
export function replaceParts(bytes: Uint8Array, texts: ReadonlyMap<string, string>): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let [start, isReplaced] = [0, false];
  for (const { entry, at } of walkDirectory(view)) {
    const text = texts.get(entry.name);
    const isPart = text !== undefined;
    isReplaced ||= isPart;
    const content = isPart ? new TextEncoder().encode(text) : findPacked(entry, view);
    if (content === undefined || view.getUint32(at + 42, true) === 0xffffffff) return bytes;
    const fields = toFields(bytes.subarray(at + 8, at + 8 + FIELDS_BYTES), isPart, content);
    const named = bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true));
    const header = [...toNumbers([VERSION], 2), ...fields, ...toNumbers([named.length, 0], 2)];
    parts.push(toBytes([0x50, 0x4b, 3, 4, ...header]), named, content);
    const rest = [...toNumbers([0, 0, 0, 0, 0], 2), ...toNumbers([start], 4)];
    directory.push(toBytes([0x50, 0x4b, 1, 2, ...toNumbers([VERSION], 2), ...header, ...rest]));
    directory.push(named);
    start += 30 + named.length + content.length;
  }
  if (!isReplaced) return bytes;
  const count = directory.length / 2;
  const length = directory.reduce((sum, piece) => sum + piece.length, 0);
  const end = [...toNumbers([0, 0, count, count], 2), ...toNumbers([length, start], 4)];
  const last = toBytes([0x50, 0x4b, 5, 6, ...end, 0, 0]);
  return joinBytes([...parts, ...directory, last], start + length + last.length);
}

function toFields(old: Uint8Array, isPart: boolean, content: Uint8Array): Uint8Array {
  const fields = Uint8Array.from(old);
  const view = new DataView(fields.buffer);
  view.setUint16(0, view.getUint16(0, true) & ~SIZES_FOLLOW, true);
  if (!isPart) return fields;
  view.setUint16(2, 0, true); // not packed
  view.setUint32(8, crc32(content), true);
  view.setUint32(12, content.length, true);
  view.setUint32(16, content.length, true);
  return fields;
}

/** Little-endian, `size` bytes each. */
function toNumbers(values: readonly number[], size: number): readonly number[] {
  return values.flatMap((value) =>
    Array.from({ length: size }, (_, at) => Math.floor(value / 2 ** (8 * at)) % 256),
  );
}

function toBytes(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
