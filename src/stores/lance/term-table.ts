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
  /** By term a text that analyses to exactly it, where the term itself does not. */
  readonly forms: ReadonlyMap<string, string>;
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
  /** How many more chunks hold each term than before, or fewer. */
  readonly counts: ReadonlyMap<string, number>;
  /** Those to be added. */
  readonly forms: ReadonlyMap<string, string>;
}

/** A stored table as it is searched. */
interface Columns {
  readonly terms: Uint8Array;
  readonly ends: Uint32Array;
  readonly counts: Uint32Array;
}

/** Builds the table from counts: those of `before`, changed. What no chunk holds any more is left out. */
export function createTermTable(
  { counts, forms, ...at }: TermTableOptions,
  before?: TermTable,
): TermTable {
  const old = before === undefined ? NOTHING : toColumns(before.stored);
  const { columns, gone } = mergeCounts(old, counts);
  const all = new Map([...(before?.forms ?? []), ...forms]);
  for (const term of gone) all.delete(term);
  const stored = {
    ...at,
    terms: columns.terms,
    ends: toBytes(columns.ends),
    counts: toBytes(columns.counts),
    forms: JSON.stringify(Object.fromEntries(all)),
  };
  return toTermTable(stored, columns, all);
}

/** Reads a stored table. Lookup is a binary search, nothing is unpacked but the few forms. */
export function readTermTable(stored: StoredTerms): TermTable {
  const forms = Object.entries(JSON.parse(stored.forms) as Record<string, string>);
  return toTermTable(stored, toColumns(stored), new Map(forms));
}

function toTermTable(
  stored: StoredTerms,
  columns: Columns,
  forms: ReadonlyMap<string, string>,
): TermTable {
  const { version, chunks, trainedRows, changedRows } = stored;
  return {
    version,
    chunks,
    trainedRows,
    changedRows,
    stored,
    forms,
    frequency: (term) => columns.counts[findTerm(columns, term)] ?? 0,
    *entries() {
      const decoder = new TextDecoder();
      for (const [index, count] of columns.counts.entries()) {
        yield [decoder.decode(bytesOf(columns, index)), count] as const;
      }
    },
  };
}

const NOTHING: Columns = {
  terms: new Uint8Array(),
  ends: new Uint32Array(),
  counts: new Uint32Array(),
};

/**
 * Both are in order, so that what lies between two changed terms is copied as a whole: a vocabulary of half a million
 * terms unpacked and sorted anew costs each small write two seconds of processor time.
 */
function mergeCounts(
  old: Columns,
  changes: ReadonlyMap<string, number>,
): { readonly columns: Columns; readonly gone: readonly string[] } {
  const sorted = [...changes].toSorted(([a], [b]) => compareText(a, b));
  const bytesMax = sorted.reduce((sum, [term]) => sum + byteLength(term), old.terms.length);
  const rowsMax = old.ends.length + sorted.length;
  const terms = new Uint8Array(bytesMax);
  const [ends, counts] = [new Uint32Array(rowsMax), new Uint32Array(rowsMax)];
  const gone: string[] = [];
  /** Rows of `old` that are done, rows of the result, and where its last term ends. */
  let [done, rows, end] = [0, 0, 0];
  const copy = (until: number): void => {
    const start = old.ends[done - 1] ?? 0;
    const bytes = old.terms.subarray(start, old.ends[until - 1] ?? 0);
    terms.set(bytes, end);
    counts.set(old.counts.subarray(done, until), rows);
    for (; done < until; done += 1, rows += 1) ends[rows] = (old.ends[done] ?? 0) - start + end;
    end += bytes.length;
  };
  for (const [term, change] of sorted) {
    const found = findTerm(old, term);
    copy(found < 0 ? ~found : found);
    const count = (old.counts[found] ?? 0) + change;
    if (found >= 0) done += 1;
    if (count <= 0) {
      gone.push(term);
      continue;
    }
    end += encoder.encodeInto(term, terms.subarray(end)).written;
    [ends[rows], counts[rows]] = [end, count];
    rows += 1;
  }
  copy(old.ends.length);
  const columns = {
    terms: terms.slice(0, end),
    ends: ends.slice(0, rows),
    counts: counts.slice(0, rows),
  };
  return { columns, gone };
}

const encoder = new TextEncoder();

/** The term's place; where it is not there, `~place` of the first one after it, which is negative. */
function findTerm(columns: Columns, term: string): number {
  const wanted = encoder.encode(term);
  let low = 0;
  let high = columns.ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(bytesOf(columns, middle), wanted);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

function bytesOf({ terms, ends }: Columns, index: number): Uint8Array {
  return terms.subarray(ends[index - 1] ?? 0, ends[index]);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function toColumns({ terms, ends, counts }: StoredTerms): Columns {
  return { terms, ends: toUint32(ends), counts: toUint32(counts) };
}

/** Copied, because a view of 32-bit numbers must begin at a multiple of four. */
function toUint32(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}

function toBytes({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function byteLength(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
