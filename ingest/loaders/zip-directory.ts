/** Reads the directory at the end of a zip file: what is in it and how large it says that is. Nothing is unpacked. */

/** A file inside the zip, as the directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly isDeflated: boolean;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Offset of its own header. */
  readonly start: number;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;

const HEADER_BYTES = 30;
const COMMENT_BYTES_MAX = 65_535;
const DEFLATED = 8;
const WIDE_EXTRA = 1;

/** How many entries the zip says it has; undefined: it has no end, so it is no zip or was cut short. */
export function countZipEntries(view: DataView): number | undefined {
  const end = findEnd(view);
  return end === undefined ? undefined : view.getUint16(end + 10, true);
}

/** All entries, or undefined when the directory is broken. */
export function readZipDirectory(view: DataView): readonly ZipEntry[] | undefined {
  const entries = [...walkDirectory(view)].map(({ entry }) => entry);
  return entries.length === countZipEntries(view) ? entries : undefined;
}

/** The entries up to the first that is broken, each with the offset of what the directory says of it. */
export function* walkDirectory(
  view: DataView,
): Generator<{ readonly entry: ZipEntry; readonly at: number }> {
  const end = findEnd(view);
  if (end === undefined) return;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (at + ENTRY_BYTES > view.byteLength || view.getUint32(at, true) !== ENTRY_SIGNATURE) return;
    yield { entry: readEntry(view, at), at };
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    at += ENTRY_BYTES + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
}

/** The packed bytes of an entry, or undefined when its header or they are not all there. */
export function findPacked(entry: ZipEntry, view: DataView): Uint8Array | undefined {
  const { start, packedBytes } = entry;
  if (start + HEADER_BYTES > view.byteLength) return undefined;
  const [name = 0, extra = 0] = [26, 28].map((field) => view.getUint16(start + field, true));
  const data = start + HEADER_BYTES + name + extra;
  if (data + packedBytes > view.byteLength) return undefined;
  return new Uint8Array(view.buffer, view.byteOffset + data, packedBytes);
}

/** Where the record at the end begins; undefined: this is no zip, or it was cut short. */
function findEnd(view: DataView): number | undefined {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - COMMENT_BYTES_MAX); at -= 1) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  return undefined;
}

/** A field of all ones has its value in the 64-bit extra field, in this order. */
function readEntry(view: DataView, at: number): ZipEntry {
  const wide = readWideFields(view, at);
  const read = (offset: number): number => {
    const value = view.getUint32(at + offset, true);
    return value === 0xffffffff ? Number(wide.shift() ?? value) : value;
  };
  const [unpackedBytes, packedBytes, start] = [read(24), read(20), read(42)];
  const name = new Uint8Array(view.buffer, view.byteOffset + at + ENTRY_BYTES);
  return {
    name: new TextDecoder().decode(name.subarray(0, view.getUint16(at + 28, true))),
    isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
    isDeflated: view.getUint16(at + 10, true) === DEFLATED,
    packedBytes,
    unpackedBytes,
    start,
  };
}

function readWideFields(view: DataView, at: number): bigint[] {
  const fields: bigint[] = [];
  let extra = at + ENTRY_BYTES + view.getUint16(at + 28, true);
  const end = Math.min(view.byteLength, extra + view.getUint16(at + 30, true));
  while (extra + 4 <= end) {
    const next = extra + 4 + view.getUint16(extra + 2, true);
    if (view.getUint16(extra, true) === WIDE_EXTRA) {
      for (let field = extra + 4; field + 8 <= Math.min(end, next); field += 8) {
        fields.push(view.getBigUint64(field, true));
      }
    }
    extra = next;
  }
  return fields;
}
