/**
 * Reads what LanceDB answers: Arrow's file or stream format with columns of numbers, texts and bytes. The library
 * for it would take a sixth of the Worker's room. Nothing in it is trusted; what is damaged or of another type
 * throws RangeError, what is compressed AppError.
 */
import { type FlatTable, readRoot } from "./flat-buffer.ts";
import { toCompressed } from "./server-errors.ts";

/** 64-bit numbers are `bigint`. */
export type Cell = string | number | bigint | Uint8Array | null;

export interface ArrowTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly Cell[]>;
}

const MAGIC = "ARROW1";
const MAGIC_BYTES = 8;
const CONTINUES = 0xff_ff_ff_ff;
/** No table that is read here has as many. */
const COLUMNS_MAX = 64;
const HEADER = { schema: 1, batch: 3 } as const;
const TYPE = { int: 2, float: 3, binary: 4, text: 5, longBinary: 19, longText: 20 } as const;

type Part = readonly [offset: number, length: number];

interface Column {
  readonly name: string;
  /** Validity and values, and for texts and bytes their ends in between. */
  readonly buffers: 2 | 3;
  readonly read: (row: number, values: DataView, ends: DataView) => Cell;
}

/** Reads all of it, at most `rowsMax` rows. */
export function readArrow(bytes: Uint8Array, rowsMax: number): ArrowTable {
  const cells = new Map<string, Cell[]>();
  let columns: readonly Column[] = [];
  let left = bytes.length;
  /** Texts that lie over one another would be more than was sent, by as much as there are rows. */
  const keep: Keep = (name, cell) => {
    if (typeof cell === "string" || cell instanceof Uint8Array) left -= cell.length;
    if (left < 0) throw new RangeError("more than was sent");
    cells.get(name)?.push(cell);
  };
  const useSchema = (schema: FlatTable | undefined): void => {
    const fields = schema?.tables(1);
    if (fields === undefined) return;
    if (fields.length > COLUMNS_MAX) throw new RangeError("too many columns");
    columns = fields.map(toColumn);
    for (const { name } of columns) cells.set(name, []);
  };
  useSchema(findFooter(bytes)?.table(1));
  let rows = 0;
  for (const { message, body } of readMessages(bytes)) {
    const header = message.table(2);
    if (header === undefined) throw new RangeError("a message of another kind");
    switch (message.int8(1)) {
      case HEADER.schema:
        useSchema(header);
        break;
      case HEADER.batch:
        rows += readBatch({ header, body, columns, rowsMax: rowsMax - rows }, keep);
        break;
      default:
        throw new RangeError("a message of another kind");
    }
  }
  return { rows, columns: cells };
}

/** A file is a stream between two marks, which may have its schema only in the index behind it. */
function findFooter(bytes: Uint8Array): FlatTable | undefined {
  if (!isFile(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - MAGIC.length - 4;
  const size = view.getInt32(end, true);
  return readRoot(slice(bytes, end - size, size));
}

function isFile(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) === MAGIC;
}

function* readMessages(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = isFile(bytes) ? MAGIC_BYTES : 0;
  for (;;) {
    if (view.getUint32(at, true) !== CONTINUES) throw new RangeError("a message of another kind");
    const size = view.getInt32(at + 4, true);
    at += 8;
    if (size === 0) return;
    const message = readRoot(slice(bytes, at, size));
    at += size;
    const length = message.int64(3);
    yield { message, body: slice(bytes, at, length) };
    at += length;
  }
}

function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (at < 0 || length < 0 || at + length > bytes.length) throw new RangeError("beyond the end");
  return bytes.subarray(at, at + length);
}

function toColumn(field: FlatTable): Column {
  const name = field.text(0);
  const kind = field.int8(2);
  const type = field.table(3);
  if (field.table(4) !== undefined) throw new RangeError("a column with a dictionary");
  switch (kind) {
    case TYPE.int:
      return { name, buffers: 2, read: toIntReader(type?.int32(0), type?.int8(1) === 1) };
    case TYPE.float:
      return { name, buffers: 2, read: toFloatReader(type?.int16(0)) };
    case TYPE.text:
    case TYPE.longText:
    case TYPE.binary:
    case TYPE.longBinary: {
      const isText = kind === TYPE.text || kind === TYPE.longText;
      const isLong = kind === TYPE.longText || kind === TYPE.longBinary;
      return { name, buffers: 3, read: toBytesReader(isText, isLong) };
    }
    default:
      throw new RangeError("a column of another type");
  }
}

function toIntReader(bits: number | undefined, isSigned: boolean): Column["read"] {
  if (bits === 32 && isSigned) return (row, values) => values.getInt32(row * 4, true);
  if (bits === 32) return (row, values) => values.getUint32(row * 4, true);
  if (bits === 64 && isSigned) return (row, values) => values.getBigInt64(row * 8, true);
  if (bits === 64) return (row, values) => values.getBigUint64(row * 8, true);
  throw new RangeError("a column of another type");
}

function toFloatReader(precision: number | undefined): Column["read"] {
  if (precision === 1) return (row, values) => values.getFloat32(row * 4, true);
  if (precision === 2) return (row, values) => values.getFloat64(row * 8, true);
  throw new RangeError("a column of another type");
}

function toBytesReader(isText: boolean, isLong: boolean): Column["read"] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const end = (ends: DataView, index: number): number =>
    isLong ? Number(ends.getBigInt64(index * 8, true)) : ends.getInt32(index * 4, true);
  return (row, values, ends) => {
    const from = end(ends, row);
    const all = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const bytes = slice(all, from, end(ends, row + 1) - from);
    return isText ? decoder.decode(bytes) : bytes.slice();
  };
}

type Keep = (name: string, cell: Cell) => void;

interface Batch {
  readonly header: FlatTable;
  readonly body: Uint8Array;
  readonly columns: readonly Column[];
  readonly rowsMax: number;
}

/** How many rows it has. */
function readBatch({ header, body, columns, rowsMax }: Batch, keep: Keep): number {
  if (header.table(3) !== undefined) throw toCompressed();
  const rows = header.int64(0);
  if (rows < 0 || rows > rowsMax) throw new RangeError("too many rows");
  const nodes = header.pairs(1, 16);
  const buffers = header.pairs(2, 16);
  if (nodes.length !== columns.length || nodes.some(([length]) => length !== rows)) {
    throw new RangeError("columns that do not fit");
  }
  let next = 0;
  const take = (): DataView => {
    const [offset, length]: Part = buffers[next] ?? [-1, 0];
    next += 1;
    const { buffer, byteOffset, byteLength } = slice(body, offset, length);
    return new DataView(buffer, byteOffset, byteLength);
  };
  for (const [index, { name, buffers: count, read }] of columns.entries()) {
    const [, nulls] = nodes[index] ?? [0, 0];
    const valid = take();
    const ends = count === 3 ? take() : valid;
    const values = take();
    for (let row = 0; row < rows; row += 1) {
      const isNull = nulls > 0 && ((valid.getUint8(row >> 3) >> (row & 7)) & 1) === 0;
      keep(name, isNull ? null : read(row, values, ends));
    }
  }
  return rows;
}
