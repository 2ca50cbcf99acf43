import * as fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fuse } from "../../src/retrieval/fuse.ts";
import type { Arm } from "../../src/retrieval/leg.ts";

describe("fuse", () => {
  test("legs of one arm merge by score, not by rank", () => {
    const arms = [arm("keyword", undefined, { a: "x9 y8 z7", b: "u1" })];
    expect(check(arms)).toBe("a/x a/y a/z b/u");
  });
  test("a row found by both arms beats one found by a single arm", () => {
    const arms = [
      arm("keyword", undefined, { a: "x9 y8 z1" }),
      arm("vector e", 0.5, { a: "w9 y8 z1" }),
    ];
    expect(check(arms)[2]).toBe("y");
  });
  test("a weak arm with a small weight does not turn the order of the strong one", () => {
    const arms = [
      arm("keyword", undefined, { a: "x9 y6 z1" }),
      arm("vector e", 0.1, { a: "z9 y6 x1" }),
    ];
    expect(check(arms)).toBe("a/x a/y a/z");
  });
  test("an arm that found nothing leaves its weight to the others", () => {
    const arms = [arm("keyword", undefined, { a: "" }), arm("vector e", 0.1, { a: "x9 y1" })];
    expect(fuse(arms).map(({ score }) => score)).toEqual([1, 0]);
  });
  test("an arm with all the weight leaves none to the other, which still lists its rows", () => {
    const arms = [arm("keyword", undefined, { a: "x9 y1" }), arm("vector e", 1, { a: "y9 z1" })];
    expect(check(arms)[2]).toBe("y");
  });
  test("the trail names the rank in each leg and the fused rank", () => {
    const arms = [arm("keyword", undefined, { a: "x9 y8 z1" }), arm("vector e", 0.5, { a: "y9" })];
    const y = fuse(arms).find(({ row }) => row === "y");
    expect(y?.trail).toEqual({ "a/keyword": 2, "a/vector": 1, fused: 1 });
  });
  test("what it takes grows with what was found, not with the number of legs as well", () => {
    let cells = 0;
    const counted = <T extends new (length: number) => object>(type: T): T =>
      new Proxy(type, {
        construct(target, [length]: [number]) {
          cells += length;
          return new target(length);
        },
      });
    for (const type of [Uint16Array, Uint32Array, Float64Array]) {
      vi.stubGlobal(type.name, counted(type));
    }
    onTestFinished(() => void vi.unstubAllGlobals());
    const legs = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`c${index}`, "x9 y8 z7"] as const),
    );
    fuse([arm("keyword", undefined, legs), arm("vector e", 0.5, legs)], { limit: 30 });
    expect(cells).toBeGreaterThan(0);
    expect(cells).toBeLessThan(20 * 2 * 300 * 3);
  });
  test("words keep their share in collections of different embedders, and the best of what knows little is worth less", () => {
    const arms = [
      arm("keyword", undefined, { a: "x9 y4", b: "u1" }),
      arm("vector e", 0.5, { a: "x9 y8 z1" }),
      arm("vector f", 0.5, { b: "u9 v1" }),
    ];
    expect(check(arms)).toBe("a/x a/y b/u a/z b/v");
    expect(fuse(arms)[0]?.score).toBe(1);
  });
  test("where words find nothing, each embedder's best counts in full", () => {
    const arms = [
      arm("keyword", undefined, { a: "", b: "" }),
      arm("vector e", 0.5, { a: "x9 y1" }),
      arm("vector f", 0.5, { b: "u9 v1" }),
    ];
    expect(fuse(arms).map(({ score }) => score)).toEqual([1, 1, 0, 0]);
  });
  test("a collection without its vectors is ranked by its words alone, and weighs nothing elsewhere", () => {
    const keyword = arm("keyword", undefined, { a: "x9 y6", b: "u9 v3" });
    const known = arm("vector e", 0.4, { a: "y9 x1" });
    const lost = fail(arm("vector e", 0.4, { b: "" }));
    const unknown = fail(arm("vector f", undefined, { b: "" }));
    const scores = { "b/u": 1, "a/y": 0.4 + 0.6 * 0.5, "a/x": 0.6, "b/v": 0 };
    for (const arms of [
      [keyword, { ...known, legs: [...known.legs, ...lost.legs] }],
      [keyword, known, unknown],
    ]) {
      const found = Object.fromEntries(fuse(arms).map((one) => [key(one), one.score]));
      for (const [row, score] of Object.entries(scores)) expect(found[row]).toBeCloseTo(score);
    }
  });
  test("by ranks, equal ranks in two arms beat one first place", () => {
    const arms = [arm("keyword", undefined, { a: "x9 y1" }), arm("vector e", 0.5, { a: "z9 y1" })];
    expect(fuse(arms, { method: "ranks" })[0]?.row).toBe("y");
  });
});

describe("for any arms", () => {
  const anyLeg = fc.uniqueArray(
    fc.record({
      row: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
      score: fc.float({ noNaN: true, min: -1, max: 30 }),
    }),
    { selector: ({ row }) => row },
  );
  const anyArms = fc
    .tuple(anyLeg, anyLeg, anyLeg, fc.float({ min: 0, max: 1, noNaN: true }))
    .map(([one, two, three, weight]): readonly Arm[] => [
      toArm("keyword", undefined, { a: one, b: two }),
      toArm("vector e", weight, { a: three }),
    ]);

  test("every row comes out once, best first, scores between 0 and 1", () => {
    fc.assert(
      fc.property(anyArms, (arms) => {
        const fused = fuse(arms);
        const rows = new Set(
          arms.flatMap(({ legs }) =>
            legs.flatMap(({ leg: { collection }, hits }) =>
              hits.map(({ row }) => key({ collection, row })),
            ),
          ),
        );
        expect(new Set(fused.map(key))).toEqual(rows);
        expect(fused.length).toBe(rows.size);
        for (const [index, one] of fused.entries()) {
          expect(one.score).toBeGreaterThanOrEqual(0);
          expect(one.score).toBeLessThanOrEqual(1.000001);
          expect(one.trail["fused"]).toBe(index + 1);
          expect(one.score).toBeLessThanOrEqual(fused[index - 1]?.score ?? 2);
        }
      }),
    );
  });
  test("the order of the legs does not matter", () => {
    fc.assert(
      fc.property(anyArms, (arms) => {
        const turned = arms.map((one) => ({ ...one, legs: one.legs.toReversed() })).toReversed();
        expect(fuse(turned).map(key)).toEqual(fuse(arms).map(key));
      }),
    );
  });
});

interface ScoredRow {
  readonly row: string;
  readonly score: number;
}

/** `{ a: "x9 y8" }`: the leg of collection a found row x with score 9, then y with 8. */
function arm(name: string, weight: number | undefined, legs: Record<string, string>): Arm {
  const parsed = Object.entries(legs).map(([collection, list]) => {
    const hits = list === "" ? [] : list.split(" ");
    return [collection, hits.map((hit) => ({ row: hit[0] ?? "", score: Number(hit.slice(1)) }))];
  });
  return toArm(name, weight, Object.fromEntries(parsed));
}

function toArm(
  name: string,
  weight: number | undefined,
  legs: Readonly<Record<string, readonly ScoredRow[]>>,
): Arm {
  const retriever = name === "keyword" ? "keyword" : "vector";
  return {
    name,
    weight,
    legs: Object.entries(legs).map(([collection, hits]) => ({
      leg: {
        collection,
        retriever,
        status: "found",
        startMs: 0,
        endMs: 0,
        found: hits.length,
        kept: 0,
      },
      hits: hits.toSorted((a, b) => b.score - a.score).map(({ row, score }) => ({ row, score })),
    })),
  };
}

function fail(one: Arm): Arm {
  const legs = one.legs.map(({ leg }) => ({
    leg: { ...leg, status: "failed" as const },
    hits: [],
  }));
  return { ...one, legs };
}

function check(arms: readonly Arm[]): string {
  return fuse(arms).map(key).join(" ");
}

function key({ collection, row }: { collection: string; row: string }): string {
  return `${collection}/${row}`;
}
