/** Tables of FlatBuffers, as far as reading Arrow's messages needs them. What points outside throws RangeError. */

/** A table at a position of the buffer; its fields are numbered as in the schema. */
export interface FlatTable {
  int8(field: number): number;
  int16(field: number): number;
  int32(field: number): number;
  int64(field: number): number;
  text(field: number): string;
  table(field: number): FlatTable | undefined;
  tables(field: number): readonly FlatTable[];
  /** Pairs of 64-bit numbers, `stride` bytes apart. */
  pairs(field: number, stride: number): readonly (readonly [number, number])[];
}

/** More elements than this are damage. */
const VECTOR_MAX = 100_000;

/** The buffer's root. */
export function readRoot(bytes: Uint8Array): FlatTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return createTable(view, view.getUint32(0, true));
}

function createTable(view: DataView, at: number): FlatTable {
  const layout = at - view.getInt32(at, true);
  const size = view.getUint16(layout, true);
  /** Where the field is; 0 where it is not written and has its default. */
  const find = (field: number): number => {
    const slot = 4 + field * 2;
    const offset = slot < size ? view.getUint16(layout + slot, true) : 0;
    return offset === 0 ? 0 : at + offset;
  };
  const follow = (place: number): number => place + view.getUint32(place, true);
  const vector = (field: number): readonly [start: number, length: number] => {
    const place = find(field);
    if (place === 0) return [0, 0];
    const start = follow(place);
    const length = view.getUint32(start, true);
    if (length > VECTOR_MAX) throw new RangeError("a list that is too long");
    return [start + 4, length];
  };
  const number = (field: number, read: (place: number) => number): number => {
    const place = find(field);
    return place === 0 ? 0 : read(place);
  };
  return {
    int8: (field) => number(field, (place) => view.getUint8(place)),
    int16: (field) => number(field, (place) => view.getInt16(place, true)),
    int32: (field) => number(field, (place) => view.getInt32(place, true)),
    int64: (field) => number(field, (place) => toNumber(view, place)),
    text(field) {
      const [start, length] = vector(field);
      if (start + length > view.byteLength) throw new RangeError("a text beyond the end");
      return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + start, length));
    },
    table(field) {
      const place = find(field);
      return place === 0 ? undefined : createTable(view, follow(place));
    },
    tables(field) {
      const [start, length] = vector(field);
      return Array.from({ length }, (_, index) => createTable(view, follow(start + index * 4)));
    },
    pairs(field, stride) {
      const [start, length] = vector(field);
      return Array.from({ length }, (_, index) => {
        const place = start + index * stride;
        return [toNumber(view, place), toNumber(view, place + 8)] as const;
      });
    },
  };
}

/** A length or a position; one that no memory has is damage. */
function toNumber(view: DataView, place: number): number {
  const value = Number(view.getBigInt64(place, true));
  if (!Number.isSafeInteger(value)) throw new RangeError("a number that is too large");
  return value;
}
