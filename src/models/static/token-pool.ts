/** Pools the tokens of one text into one vector of unit length. */

import type { StaticTable } from "./table.ts";
import { UNKNOWN_TOKEN } from "./wordpiece.ts";

/**
 * Counts tokens and then adds up each one's vector once, times its count: running text repeats
 * itself so much that this halves the work. Used for one text after the other.
 */
export class TokenPool {
  readonly #table: StaticTable;
  readonly #counts: Uint32Array;
  /** The rows with a count, in order of first appearance; the first `#rowsUsed` entries hold. */
  readonly #rows: Int32Array;
  readonly #sum: Float64Array;
  #rowsUsed = 0;

  constructor(table: StaticTable) {
    this.#table = table;
    this.#counts = new Uint32Array(table.vocabulary.length);
    this.#rows = new Int32Array(table.vocabulary.length);
    this.#sum = new Float64Array(table.dimensions);
  }

  /** Takes in one token; one that is unknown adds nothing. */
  push(row: number): void {
    if (row === UNKNOWN_TOKEN) return;
    const count = this.#counts[row] ?? 0;
    if (count === 0) {
      this.#rows[this.#rowsUsed] = row;
      this.#rowsUsed += 1;
    }
    this.#counts[row] = count + 1;
  }

  /**
   * The direction of the mean of all vectors taken in, at unit length, and an empty pool again;
   * undefined where nothing was known or everything cancels out.
   */
  drain(): Float32Array | undefined {
    const { values, scales, dimensions } = this.#table;
    const counts = this.#counts;
    const sum = this.#sum.fill(0);
    for (const row of this.#rows.subarray(0, this.#rowsUsed)) {
      const weight = (scales[row] ?? 0) * (counts[row] ?? 0);
      counts[row] = 0;
      const start = row * dimensions;
      for (let d = 0; d < dimensions; d += 1) {
        sum[d] = (sum[d] ?? 0) + weight * (values[start + d] ?? 0);
      }
    }
    this.#rowsUsed = 0;
    return toUnit(sum);
  }
}

function toUnit(sum: Float64Array): Float32Array | undefined {
  let squares = 0;
  for (const component of sum) squares += component * component;
  if (squares === 0) return undefined;
  const factor = 1 / Math.sqrt(squares);
  const unit = new Float32Array(sum.length);
  for (const [d, component] of sum.entries()) unit[d] = component * factor;
  return unit;
}
