/** Writes the wire format of Protocol Buffers: varints, fixed numbers, bytes, text and nested messages. */

const BYTES_FIRST = 16 * 1024;
/** Bytes of the longest varint of 64 bits. */
const VARINT_BYTES_MAX = 10;
/** Below it a length is one byte. */
const SHORT_CHARS_MAX = 0x80;
const WIRE = { varint: 0, fixed64: 1, bytes: 2 } as const;
const encoder = new TextEncoder();

/** One message under construction; fields are written in the order of the calls. */
export class ProtoWriter {
  #bytes = new Uint8Array(BYTES_FIRST);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** The message so far. Shares its memory with the writer, so nothing is written after this. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A whole number, of either sign (int32, int64, enum, bool as 0 and 1). */
  varint(field: number, value: number): void {
    this.#tag(field, WIRE.varint);
    if (value >= 0 && value < 2 ** 31) this.#small(value);
    // Negative numbers are written as the 64 bits of their two's complement.
    else this.#large(BigInt.asUintN(64, BigInt(value)));
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, WIRE.fixed64);
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, value, true);
    this.#length += 8;
  }

  double(field: number, value: number): void {
    this.#tag(field, WIRE.fixed64);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Numbers without their tags, in one field (`repeated fixed64`). */
  packedFixed64(field: number, values: readonly number[]): void {
    const started = this.begin(field);
    this.#reserve(values.length * 8);
    for (const value of values) {
      this.#view.setBigUint64(this.#length, BigInt(value), true);
      this.#length += 8;
    }
    this.end(started);
  }

  packedDoubles(field: number, values: readonly number[]): void {
    const started = this.begin(field);
    this.#reserve(values.length * 8);
    for (const value of values) {
      this.#view.setFloat64(this.#length, value, true);
      this.#length += 8;
    }
    this.end(started);
  }

  /** Bytes given as lower-case hex digits. */
  hex(field: number, digits: string): void {
    this.#tag(field, WIRE.bytes);
    this.#small(digits.length / 2);
    this.#reserve(digits.length / 2);
    for (let at = 0; at < digits.length; at += 2) {
      this.#bytes[this.#length] =
        toDigit(digits.charCodeAt(at)) * 16 + toDigit(digits.charCodeAt(at + 1));
      this.#length += 1;
    }
  }

  text(field: number, text: string): void {
    if (this.#short(field, text)) return;
    const started = this.begin(field);
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
    this.end(started);
  }

  /** Names and codes, which most texts are, without the encoder. False: it is longer, or not ASCII. */
  #short(field: number, text: string): boolean {
    if (text.length >= SHORT_CHARS_MAX) return false;
    this.#reserve(text.length + 2 * VARINT_BYTES_MAX);
    const before = this.#length;
    this.#tag(field, WIRE.bytes);
    this.#bytes[this.#length] = text.length;
    this.#length += 1;
    for (let at = 0; at < text.length; at += 1) {
      const charCode = text.charCodeAt(at);
      if (charCode >= 0x80) {
        this.#length = before;
        return false;
      }
      this.#bytes[this.#length] = charCode;
      this.#length += 1;
    }
    return true;
  }

  /** What `write` writes, as a message of its own. */
  message(field: number, write: () => void): void {
    const started = this.begin(field);
    write();
    this.end(started);
  }

  /** Begins a nested message; `end` wants what this returns. */
  begin(field: number): number {
    this.#tag(field, WIRE.bytes);
    this.#reserve(1);
    this.#length += 1;
    return this.#length;
  }

  /** The length stands before the content, so the content moves when its length needs more than a byte. */
  end(started: number): void {
    const end = this.#length;
    const size = end - started;
    if (size < 0x80) {
      this.#bytes[started - 1] = size;
      return;
    }
    this.#reserve(VARINT_BYTES_MAX);
    const shift = toVarintBytes(size) - 1;
    this.#bytes.copyWithin(started + shift, started, end);
    this.#length = started - 1;
    this.#small(size);
    this.#length = end + shift;
  }

  #tag(field: number, wire: number): void {
    this.#small(field * 8 + wire);
  }

  /** A varint below 2^31. */
  #small(value: number): void {
    this.#reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest & 0x7f) | 0x80;
      this.#length += 1;
      rest >>>= 7;
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  #large(value: bigint): void {
    this.#reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80n) {
      this.#bytes[this.#length] = Number(rest & 0x7fn) | 0x80;
      this.#length += 1;
      rest >>= 7n;
    }
    this.#bytes[this.#length] = Number(rest);
    this.#length += 1;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Of `0` to `9` and `a` to `f`. */
function toDigit(charCode: number): number {
  return charCode < 0x3a ? charCode - 0x30 : charCode - 0x57;
}

function toVarintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}
