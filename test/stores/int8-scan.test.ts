/** The 8-bit kernel: its binary is that of its text, and it agrees with plain TypeScript. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildVectorScan, KERNELS, toBinaryPath } from "../../scripts/build-vector-scan.ts";
import { createInt8Block, createPlainInt8Block, quantize } from "../../src/stores/int8-block.ts";

const kernel = new WebAssembly.Module(readFileSync(toBinaryPath(KERNELS.int8)));

describe("the 8-bit kernel", () => {
  test.each(Object.entries(KERNELS))("%s: the binary is that of the text", async (_, text) => {
    const built = await buildVectorScan(text);
    expect(Buffer.from(built).equals(readFileSync(toBinaryPath(text)))).toBe(true);
  });

  test("agrees with plain TypeScript for any vectors", () => {
    const vectors = fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
      fc.array(
        fc.float32Array({
          minLength: dimensions,
          maxLength: dimensions,
          noNaN: true,
          min: -1,
          max: 1,
        }),
        { minLength: 2, maxLength: 20 },
      ),
    );
    fc.assert(
      fc.property(vectors, ([query, ...rows]) => {
        if (query === undefined) return;
        const blocks = [
          createInt8Block(kernel, rows.length, query.length),
          createPlainInt8Block(rows.length, query.length),
        ];
        for (const block of blocks) {
          for (const [row, vector] of rows.entries()) {
            const { values, scales, stride } = block;
            scales[row] = quantize(vector, values.subarray(row * stride, (row + 1) * stride));
          }
        }
        const [fast, plain] = blocks.map((block) => [...block.compare(query)]);
        expect(fast).toEqual(plain);
      }),
    );
  });

  test("takes the largest integers without overflow", () => {
    const dimensions = 8_192;
    const block = createInt8Block(kernel, 1, dimensions);
    block.values.fill(-127);
    block.scales.fill(1);
    const [score] = block.compare(new Float32Array(dimensions).fill(-127));
    expect(score).toBe(127 * 127 * dimensions);
  });
});
