/** Vectors as 8-bit integers with a scale each, compared with a query at once: a first choice, to be scored again exactly. */

export interface Int8Block {
  /** Row after row, each filled up with zeros to the kernel's step. */
  readonly values: Int8Array;
  /** One factor a row; 0 for a row without a vector. */
  readonly scales: Float32Array;
  /** Length of one row in `values`. */
  readonly stride: number;
  /** Approximate dot products with the query, by row. Valid until the next call. */
  compare(query: Float32Array): Float32Array;
  /** Most that is lost of the query when it becomes integers: the length of the difference. */
  lossOf(query: Float32Array): number;
}

interface Kernel {
  readonly memory: WebAssembly.Memory;
  scan(values: number, rows: number, bytes: number, query: number, sums: number): void;
}

/** `sums[row]` is the dot product of the row and of what was asked, both of `stride` integers. */
type Scan = () => Int32Array;

/** The kernel takes so many at a time. */
const STEP = 16;
const PAGE_BYTES = 65_536;
const INTEGER_MAX = 127;
/** What the kernel counts in. */
const SUM_MAX = 2 ** 31 - 1;
const QUERY_INTEGER_MAX = 2 ** 15 - 1;

export function toStride(dimensions: number): number {
  return Math.max(STEP, Math.ceil(dimensions / STEP) * STEP);
}

/** Creates a block of zeros whose rows are compared by the WebAssembly kernel. */
export function createInt8Block(
  kernel: WebAssembly.Module,
  rows: number,
  dimensions: number,
): Int8Block {
  const stride = toStride(dimensions);
  const instance = new WebAssembly.Instance(kernel).exports as unknown as Kernel;
  const { memory } = instance;
  const queryAt = rows * stride;
  const sumsAt = queryAt + stride * Int16Array.BYTES_PER_ELEMENT;
  memory.grow(Math.ceil((sumsAt + rows * 4) / PAGE_BYTES));
  const values = new Int8Array(memory.buffer, 0, rows * stride);
  const asked = new Int16Array(memory.buffer, queryAt, stride);
  const sums = new Int32Array(memory.buffer, sumsAt, rows);
  return createBlock(values, asked, () => {
    instance.scan(0, rows, stride, queryAt, sumsAt);
    return sums;
  });
}

/** The same in plain TypeScript: what the kernel must agree with. */
export function createPlainInt8Block(rows: number, dimensions: number): Int8Block {
  const stride = toStride(dimensions);
  const values = new Int8Array(rows * stride);
  const asked = new Int16Array(stride);
  const sums = new Int32Array(rows);
  return createBlock(values, asked, () => {
    for (let row = 0; row < rows; row += 1) {
      let sum = 0;
      for (let at = 0; at < stride; at += 1) {
        sum += (values[row * stride + at] ?? 0) * (asked[at] ?? 0);
      }
      sums[row] = sum;
    }
    return sums;
  });
}

function createBlock(values: Int8Array, asked: Int16Array, scan: Scan): Int8Block {
  const stride = asked.length;
  const rows = values.length / stride;
  const scales = new Float32Array(rows);
  const scores = new Float32Array(rows);
  const queryMax = Math.min(QUERY_INTEGER_MAX, Math.floor(SUM_MAX / (INTEGER_MAX * stride)));
  return {
    values,
    scales,
    stride,
    compare(query) {
      const scale = quantize(query, asked, queryMax);
      const sums = scan();
      for (let row = 0; row < rows; row += 1) {
        scores[row] = (sums[row] as number) * (scales[row] as number) * scale;
      }
      return scores;
    },
    lossOf: (query) => (toScale(query, queryMax) / 2) * Math.sqrt(query.length),
  };
}

/** Writes the vector as integers to `target`, which may be longer; the factor that turns them back, 0 for a vector of zeros. */
export function quantize(
  vector: Float32Array,
  target: Int8Array | Int16Array,
  integerMax = INTEGER_MAX,
): number {
  const scale = toScale(vector, integerMax);
  for (let at = 0; at < vector.length; at += 1) {
    target[at] = scale === 0 ? 0 : Math.round((vector[at] as number) / scale);
  }
  return scale;
}

function toScale(vector: Float32Array, integerMax: number): number {
  let largest = 0;
  for (let at = 0; at < vector.length; at += 1) {
    largest = Math.max(largest, Math.abs(vector[at] as number));
  }
  return largest / integerMax;
}
