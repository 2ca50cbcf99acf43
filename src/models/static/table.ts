/** The token table of the static embedder: its binary form, parsed into typed arrays. */

/** One row a token: `values[row * dimensions + d] * scales[row]` is component `d` of its vector. */
export interface StaticTable {
  /** Names the vector space; a table with other vectors has another name. */
  readonly name: string;
  readonly dimensions: number;
  /** Token texts by row, WordPiece notation: a piece inside a word starts with `##`. */
  readonly vocabulary: readonly string[];
  /** One factor a row. */
  readonly scales: Float32Array;
  /** Row after row, `vocabulary.length * dimensions` components. */
  readonly values: Int8Array;
}

const HEADER_BYTES = 64;
const NAME_OFFSET = 24;
const MAGIC = "TRST";
const FORMAT_VERSION = 1;
const DIMENSIONS_MAX = 4096;

/**
 * Parses the bytes of a table file. All numbers are little-endian:
 *
 * | offset | what |
 * |---|---|
 * | 0 | magic `TRST`, 4 bytes |
 * | 4 | format version, uint32: 1 |
 * | 8 | rows, uint32 |
 * | 12 | dimensions, uint32, a multiple of 4 |
 * | 16 | bytes of the vocabulary, uint32 |
 * | 20 | checksum of everything from offset 64 on, uint32 (see `checksum`) |
 * | 24 | name of the vector space, 40 bytes of ASCII, filled up with zeros |
 * | 64 | scales, float32 each, one a row; none negative, all finite |
 * | … | components, int8 each, row after row |
 * | … | vocabulary, UTF-8, one token a line, no line break at the end; zeros up to a multiple of 4 |
 *
 * The arrays are views into `bytes` where its alignment allows, so `bytes` must not be changed afterwards.
 * Throws an Error that says what is wrong with the file.
 */
export function parseStaticTable(bytes: Uint8Array): StaticTable {
  if (bytes.length < HEADER_BYTES)
    throw broken(`it has ${bytes.length} bytes, too few for a header`);
  // Typed arrays over 4-byte numbers need an aligned start; a view into a shared buffer may lack it.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const header = new DataView(buffer, byteOffset, HEADER_BYTES);
  const magic = String.fromCharCode(...aligned.subarray(0, 4));
  if (magic !== MAGIC) throw broken(`it does not begin with ${MAGIC}`);
  const version = header.getUint32(4, true);
  if (version !== FORMAT_VERSION) throw broken(`format ${version} is not ${FORMAT_VERSION}`);
  const rows = header.getUint32(8, true);
  const dimensions = header.getUint32(12, true);
  if (rows === 0) throw broken("it has no rows");
  if (dimensions === 0 || dimensions % 4 !== 0 || dimensions > DIMENSIONS_MAX) {
    throw broken(`${dimensions} dimensions, not a multiple of 4 up to ${DIMENSIONS_MAX}`);
  }
  const valuesOffset = HEADER_BYTES + rows * 4;
  const vocabularyOffset = valuesOffset + rows * dimensions;
  const vocabularyEnd = vocabularyOffset + header.getUint32(16, true);
  const expectedBytes = Math.ceil(vocabularyEnd / 4) * 4;
  if (bytes.length !== expectedBytes) {
    throw broken(`it has ${bytes.length} bytes, its header calls for ${expectedBytes}`);
  }
  const words = new Int32Array(
    buffer,
    byteOffset + HEADER_BYTES,
    (expectedBytes - HEADER_BYTES) / 4,
  );
  if (checksum(words) !== header.getUint32(20, true)) throw broken("its checksum does not match");
  const scales = new Float32Array(buffer, byteOffset + HEADER_BYTES, rows);
  if (!scales.every((scale) => scale >= 0 && scale < Infinity))
    throw broken("a scale is not usable");
  return {
    name: parseName(aligned.subarray(NAME_OFFSET, HEADER_BYTES)),
    dimensions,
    vocabulary: parseVocabulary(aligned.subarray(vocabularyOffset, vocabularyEnd), rows),
    scales,
    values: new Int8Array(buffer, byteOffset + valuesOffset, rows * dimensions),
  };
}

/**
 * FNV-1a taken over 32-bit words instead of bytes: finds damage, keeps out no one. Every start waits for it, and with
 * signs and an index it takes a seventh of what an iterator over unsigned words takes, whose numbers V8 puts in boxes.
 */
function checksum(words: Int32Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < words.length; at += 1)
    hash = Math.imul(hash ^ (words[at] ?? 0), 0x01000193);
  return hash >>> 0;
}

function parseName(field: Uint8Array): string {
  const name = new TextDecoder().decode(field).replace(/\0+$/u, "");
  if (!/^[a-z0-9.-]+$/u.test(name))
    throw broken("its name is not made of a-z, 0-9, dots and hyphens");
  return name;
}

function parseVocabulary(field: Uint8Array, rows: number): readonly string[] {
  const vocabulary = new TextDecoder().decode(field).split("\n");
  if (vocabulary.length !== rows) {
    throw broken(`${vocabulary.length} tokens for ${rows} rows`);
  }
  return vocabulary;
}

function broken(why: string): Error {
  return new Error(`This is no usable static embedding table: ${why}.`);
}
