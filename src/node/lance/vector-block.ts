/** Vectors of a small collection in memory, compared exactly with a query by a WebAssembly kernel. */
import { readFileSync } from "node:fs";

export interface VectorBlock {
  /** Memory it takes. */
  readonly bytes: number;
  /** Puts the vector of a row; rows without one score as if they stood across to everything. */
  set(row: number, vector: Float32Array): void;
  /** Dot products with the query, by row: cosines, because all vectors have unit length. Valid until the next call. */
  compare(query: Float32Array): Float32Array;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  scan(values: number, rows: number, bytes: number, query: number, scores: number): void;
}

const PAGE_BYTES = 65_536;
/** The kernel takes so many at a time; shorter rows are filled up with zeros, which change no product. */
const STEP = 8;

let compiled: WebAssembly.Module | undefined;

/** Creates a block of zeros. */
export function createVectorBlock(rows: number, dimensions: number): VectorBlock {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("./vector-scan.wasm", import.meta.url)));
  const kernel = new WebAssembly.Instance(compiled).exports as unknown as Kernel;
  const { memory } = kernel;
  const stride = Math.max(STEP, Math.ceil(dimensions / STEP) * STEP);
  const queryAt = rows * stride * 4;
  const scoresAt = queryAt + stride * 4;
  const bytes = scoresAt + rows * 4;
  memory.grow(Math.ceil(bytes / PAGE_BYTES));
  const values = new Float32Array(memory.buffer, 0, rows * stride);
  const asked = new Float32Array(memory.buffer, queryAt, stride);
  const scores = new Float32Array(memory.buffer, scoresAt, rows);
  return {
    bytes,
    set: (row, vector) => values.set(vector, row * stride),
    compare(query) {
      asked.set(query);
      kernel.scan(0, rows, stride * 4, queryAt, scoresAt);
      return scores;
    },
  };
}
