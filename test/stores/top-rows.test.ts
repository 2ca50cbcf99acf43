import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findTopRows } from "../../src/stores/top-rows.ts";

/** Few values, so that many are equal. */
const scores = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 });

test("the best of any scores are those that sorting them all would bring", () => {
  const property = fc.property(
    scores,
    fc.nat({ max: 70 }),
    fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
    fc.func(fc.boolean()),
    (given, limit, floor, passes) => {
      const asked = new Set<number>();
      const found = findTopRows(Float32Array.from(given), {
        limit,
        ...(floor === undefined ? {} : { floor }),
        passes: (row) => {
          asked.add(row);
          return passes(row);
        },
      });
      const expected = [...given.keys()]
        .filter((row) => (given[row] ?? 0) > (floor ?? Number.NEGATIVE_INFINITY) && passes(row))
        .toSorted((a, b) => (given[b] ?? 0) - (given[a] ?? 0) || a - b)
        .slice(0, limit);
      expect(found).toEqual(expected);
      expect(found.every((row) => asked.has(row))).toBe(true);
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test("what is no number, or has no score at all, is never among them", () => {
  const given = Float32Array.of(Number.NaN, 1, Number.NEGATIVE_INFINITY, 2);
  expect(findTopRows(given, { limit: 9 })).toEqual([3, 1]);
});
