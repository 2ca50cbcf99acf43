/** Choosing by 8-bit integers gives what comparing every vector gives: the same rows, in the same order, exactly scored. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createVectorBlock } from "../../../src/node/lance/vector-block.ts";

type Row = Float32Array | undefined;

/** How far the rows of a world lie from one vector: the closer, the more of their order rounding hides. */
const SPREADS = [1, 0.1, 0.01, 0.001, 0];

const worlds = fc
  .record({ dimensions: fc.integer({ min: 1, max: 70 }), spread: fc.constantFrom(...SPREADS) })
  .chain(({ dimensions, spread }) => {
    const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: dimensions,
      maxLength: dimensions,
    });
    return fc.record({
      centre: vector,
      spread: fc.constant(spread),
      query: vector,
      rows: fc.array(fc.option(vector, { nil: undefined, freq: 8 }), {
        minLength: 1,
        maxLength: 60,
      }),
      limit: fc.integer({ min: 1, max: 12 }),
    });
  })
  .map(({ centre, spread, query, rows, limit }) => ({
    query: toUnit(query),
    limit,
    rows: rows.map((row) =>
      row === undefined ? row : toUnit(row.map((value, at) => (centre[at] ?? 0) + spread * value)),
    ),
  }));

/** A vector of zeros stays one. */
function toUnit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => (length < 1e-6 ? 0 : value / length));
}

function toBlock(rows: readonly Row[], dimensions: number) {
  const block = createVectorBlock(rows.length, dimensions);
  for (const [row, vector] of rows.entries()) if (vector !== undefined) block.set(row, vector);
  return block;
}

function multiply(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

describe("the nearest of a block", () => {
  test("are the best of all, whatever rounding hides", () => {
    fc.assert(
      fc.property(worlds, ({ rows, query, limit }) => {
        const block = toBlock(rows, query.length);
        const all = block.nearest(query, rows.length);
        const scores = new Map(all.map(({ row, score }) => [row, score]));
        expect(all).toHaveLength(rows.filter((row) => row !== undefined).length);
        for (const [row, score] of scores) {
          expect(score).toBeCloseTo(multiply(rows[row] ?? query, query), 5);
        }
        const best = [...scores]
          .toSorted(([a, left], [b, right]) => right - left || a - b)
          .map(([row, score]) => ({ row, score }));
        expect(all).toEqual(best);
        expect(block.nearest(query, limit)).toEqual(best.slice(0, limit));
      }),
      { numRuns: 500 },
    );
  });

  test.each([1, 7, 8, 9, 31, 384, 1_025, 8_192])("in %i dimensions", (dimensions) => {
    const random = (seed: number): Float32Array =>
      toUnit(Array.from({ length: dimensions }, (_, at) => Math.sin(seed * 31 + at * 7)));
    const rows = Array.from({ length: 40 }, (_, row) => (row === 3 ? undefined : random(row)));
    const query = random(99);
    const expected = rows
      .map((row, index) => ({ row: index, score: row === undefined ? -2 : multiply(row, query) }))
      .toSorted((a, b) => b.score - a.score || a.row - b.row)
      .slice(0, 5);
    const found = toBlock(rows, dimensions).nearest(query, 5);
    for (const [place, { score }] of found.entries()) {
      expect(score).toBeCloseTo(expected[place]?.score ?? 0, 5);
    }
    expect(found).toHaveLength(5);
  });

  test("are none where there are no vectors, or the query is no direction", () => {
    expect(toBlock([undefined, undefined], 4).nearest(toUnit([1, 2, 3, 4]), 5)).toEqual([]);
    const block = toBlock([toUnit([1, 2])], 2);
    expect(block.nearest(new Float32Array([Number.NaN, 1]), 5)).toEqual([]);
  });
});
