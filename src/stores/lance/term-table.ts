/** The term statistics of a collection in a compact form: sorted terms in one buffer, counts beside it. */
import { compareText } from "../filter.ts";

export interface TermTable {
  /** Version of the collection they were counted at. */
  readonly version: number;
  /** Chunks in the collection then. */
  readonly chunks: number;
  /** Chunks there were when the vector index was trained; 0 without one. */
  readonly trainedRows: number;
  /** Chunks that came or went since the indexes were written. */
  readonly changedRows: number;
  /** Chunks that hold the term. */
  frequency(term: string): number;
  /** A text that analyses to exactly the term, which the term itself need not. */
  formOf(term: string): string | undefined;
  entries(): Iterable<readonly [string, number]>;
  /** For storing; `readTermTable` is the way back. */
  readonly stored: StoredTerms;
}

export interface StoredTerms {
  readonly version: number;
  readonly chunks: number;
  readonly trainedRows: number;
  readonly changedRows: number;
  /** UTF-8 of all terms in order of code points, without separators. */
  readonly terms: Uint8Array;
  /** Where each term ends in `terms`, 32-bit. */
  readonly ends: Uint8Array;
  /** 32-bit. */
  readonly counts: Uint8Array;
  /** JSON of the forms by term. */
  readonly forms: string;
}

export interface TermTableOptions {
  readonly version: number;
  readonly chunks: number;
  readonly trainedRows: number;
  readonly changedRows: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly forms: ReadonlyMap<string, string>;
}

/** Builds the table from counts. */
export function createTermTable({ counts, forms, ...rest }: TermTableOptions): TermTable {
  const sorted = [...counts].toSorted(([a], [b]) => compareText(a, b));
  const encoded = new TextEncoder().encode(sorted.map(([term]) => term).join(""));
  const ends = new Uint32Array(sorted.length);
  let end = 0;
  for (const [index, [term]] of sorted.entries()) {
    end += byteLength(term);
    ends[index] = end;
  }
  return readTermTable({
    ...rest,
    terms: encoded,
    ends: new Uint8Array(ends.buffer),
    counts: new Uint8Array(Uint32Array.from(sorted, ([, count]) => count).buffer),
    forms: JSON.stringify(Object.fromEntries(forms)),
  });
}

/** Reads a stored table. Lookup is a binary search, nothing is unpacked but the few forms. */
export function readTermTable(stored: StoredTerms): TermTable {
  const { terms, version, chunks, trainedRows, changedRows } = stored;
  const ends = toUint32(stored.ends);
  const counts = toUint32(stored.counts);
  const forms = new Map(Object.entries(JSON.parse(stored.forms) as Record<string, string>));
  const bytesOf = (index: number): Uint8Array => terms.subarray(ends[index - 1] ?? 0, ends[index]);

  return {
    version,
    chunks,
    trainedRows,
    changedRows,
    stored,
    frequency(term) {
      const wanted = new TextEncoder().encode(term);
      let low = 0;
      let high = ends.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        const order = compareBytes(bytesOf(middle), wanted);
        if (order === 0) return counts[middle] ?? 0;
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return 0;
    },
    formOf: (term) => forms.get(term),
    *entries() {
      const decoder = new TextDecoder();
      for (const [index, count] of counts.entries()) {
        yield [decoder.decode(bytesOf(index)), count] as const;
      }
    },
  };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Copied, because a view of 32-bit numbers must begin at a multiple of four. */
function toUint32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

function byteLength(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
