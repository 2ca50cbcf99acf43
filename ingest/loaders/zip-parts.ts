/** The text of files inside a zip that the guard has let pass. */
import { inflateRawSync } from "node:zlib";
import { findPacked, readZipDirectory, type ZipEntry } from "./zip-directory.ts";

/** Reads a part by its name; undefined: there is none. */
export interface ZipParts {
  readonly names: readonly string[];
  read(name: string): string | undefined;
}

/** The parts of a zip, each unpacked when it is read, up to the size that it declares. */
export function openZip(bytes: Uint8Array): ZipParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map((readZipDirectory(view) ?? []).map((entry) => [entry.name, entry]));
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      return entry === undefined ? undefined : unpack(entry, view);
    },
  };
}

function unpack(entry: ZipEntry, view: DataView): string | undefined {
  const packed = findPacked(entry, view);
  if (packed === undefined) return undefined;
  const maxOutputLength = Math.max(1, entry.unpackedBytes);
  return new TextDecoder().decode(
    entry.isDeflated ? inflateRawSync(packed, { maxOutputLength }) : packed,
  );
}
