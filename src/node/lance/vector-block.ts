/** Vectors of a small collection in memory: a first choice by 8-bit integers, a quarter of the bytes to read, then compared exactly. */
import { readFileSync } from "node:fs";
import { createInt8Block, quantize } from "../../stores/int8-block.ts";
import { findTopRows } from "../../stores/top-rows.ts";

export interface VectorBlock {
  /** Memory it takes. */
  readonly bytes: number;
  /** Puts the unit vector of a row. */
  set(row: number, vector: Float32Array): void;
  /**
   * The rows with the highest dot products with the query (cosines, if it has unit length), best first; of equal
   * ones the lower row is first. Rows without a vector are not among them.
   */
  nearest(query: Float32Array, limit: number): readonly Near[];
}

interface Near {
  readonly row: number;
  readonly score: number;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  scan(values: number, rows: number, bytes: number, query: number, scores: number): void;
}

const PAGE_BYTES = 65_536;
/** The kernel takes so many at a time; shorter rows are filled up with zeros, which change no product. */
const STEP = 8;
/** Most that an operation on 32-bit floats near 1 is off. */
const FLOAT_ERROR = 2 ** -23;

let compiled: { readonly float: WebAssembly.Module; readonly int8: WebAssembly.Module } | undefined;

function compile() {
  const read = (path: string): WebAssembly.Module =>
    new WebAssembly.Module(readFileSync(new URL(path, import.meta.url)));
  return { float: read("./vector-scan.wasm"), int8: read("../../stores/int8-scan.wasm") };
}

/** Creates a block without vectors. */
export function createVectorBlock(rows: number, dimensions: number): VectorBlock {
  compiled ??= compile();
  const rough = createInt8Block(compiled.int8, rows, dimensions);
  const kernel = new WebAssembly.Instance(compiled.float).exports as unknown as Kernel;
  const { memory } = kernel;
  const stride = Math.max(STEP, Math.ceil(dimensions / STEP) * STEP);
  const rowBytes = stride * 4;
  const queryAt = rows * rowBytes;
  const scoresAt = queryAt + rowBytes;
  const bytes = scoresAt + rows * 4;
  memory.grow(Math.ceil(bytes / PAGE_BYTES));
  const values = new Float32Array(memory.buffer, 0, rows * stride);
  const asked = new Float32Array(memory.buffer, queryAt, stride);
  const scores = new Float32Array(memory.buffer, scoresAt, rows);
  /** By row: how far it is from its integers. */
  const losses = new Float32Array(rows);
  // A row without a vector has no number for a guess, which no comparison lets through.
  rough.scales.fill(Number.NaN);
  const close = new Int32Array(rows);

  /**
   * Writes the rows that may be among the best to `close`, in order; how many they are. By Cauchy and Schwarz a
   * guess is off by no more than what the row has lost, times the query's length, and what the query has lost.
   */
  const choose = (query: Float32Array, limit: number): number => {
    const guesses = rough.compare(query);
    const length = toLength(query);
    const ofQuery = rough.lossOf(query) * 2 + length * dimensions * FLOAT_ERROR;
    const lossOf = (row: number): number => (losses[row] as number) * length + ofQuery;
    const likely = findTopRows(guesses, { limit });
    // So many rows are at least as good as this.
    let bar = Number.POSITIVE_INFINITY;
    for (const row of likely) bar = Math.min(bar, (guesses[row] as number) - lossOf(row));
    let count = 0;
    for (let row = 0; row < rows; row += 1) {
      if ((guesses[row] as number) + lossOf(row) >= bar) close[count++] = row;
    }
    return count;
  };

  return {
    bytes: bytes + rough.values.byteLength + rows * 20,
    set(row, vector) {
      values.set(vector, row * stride);
      const integers = rough.values.subarray(row * rough.stride, (row + 1) * rough.stride);
      const scale = quantize(vector, integers);
      rough.scales[row] = scale;
      losses[row] = toLoss(vector, integers, scale);
    },
    nearest(query, limit) {
      const count = choose(query, limit);
      asked.set(query);
      for (let at = 0; at < count; at += 1) {
        kernel.scan((close[at] as number) * rowBytes, 1, rowBytes, queryAt, scoresAt + at * 4);
      }
      const best = findTopRows(scores.subarray(0, count), { limit });
      return best.map((at) => ({ row: close[at] as number, score: scores[at] as number }));
    },
  };
}

function toLength(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}

/** The length of the difference between a vector and its integers. */
function toLoss(vector: Float32Array, integers: Int8Array, scale: number): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at += 1) {
    sum += ((vector[at] as number) - (integers[at] as number) * scale) ** 2;
  }
  return Math.sqrt(sum);
}
