import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createFairQueue } from "../../src/async/fair-queue.ts";

test("callers take turns, whatever each has waiting", () => {
  const queue = createFairQueue<string>();
  for (const item of ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) queue.push(item[0] ?? "", item);
  const order = Array.from({ length: 8 }, () => queue.shift());
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4", undefined]);
});

/** Plays steps (a key to push, or undefined to shift) on a queue and tells whom it made wait too long. */
function findStarved(steps: readonly (number | undefined)[]): readonly string[] {
  const queue = createFairQueue<{ readonly key: string }>();
  /** Of each key that waits: how often each other has been served since it began to wait, or was served. */
  const passed = new Map<string, Map<string, number>>();
  const starved: string[] = [];
  for (const step of steps) {
    const key = step === undefined ? queue.shift()?.key : `${step}`;
    if (key === undefined) continue;
    if (step !== undefined) {
      if (queue.count(key) === 0) passed.set(key, new Map());
      queue.push(key, { key });
      continue;
    }
    passed.set(key, new Map());
    for (const [other, counts] of passed) {
      if (other === key || queue.count(other) === 0) continue;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if ((counts.get(key) ?? 0) > 1) starved.push(`${other} waited for ${key} twice`);
    }
  }
  return starved;
}

test("no caller starves: between two turns of one that waits, every other has at most one", () => {
  const step = fc.option(fc.nat(4), { nil: undefined, freq: 2 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      expect(findStarved(steps)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("an item can be taken out wherever it stands, and the rest is served as before", () => {
  const Pushes = fc.array(fc.record({ key: fc.nat(3), removed: fc.boolean() }), { maxLength: 40 });
  fc.assert(
    fc.property(Pushes, (pushes) => {
      const queue = createFairQueue<object>();
      for (const one of pushes) queue.push(`${one.key}`, one);
      for (const one of pushes) if (one.removed) queue.remove(`${one.key}`, one);
      const rest = pushes.filter(({ removed }) => !removed);
      expect(queue.size).toBe(rest.length);
      const served = Array.from({ length: rest.length }, () => queue.shift());
      expect(new Set(served)).toEqual(new Set(rest));
      expect([queue.shift(), queue.size, queue.count("0")]).toEqual([undefined, 0, 0]);
    }),
  );
});

test("a key may have the place of the last item of the key with the most, as long as that one keeps as many", () => {
  const queue = createFairQueue<string>();
  expect(queue.findSurplus("a")).toBeUndefined();
  for (const item of ["a1", "b1", "a2", "b2", "a3"]) queue.push(item[0] ?? "", item);
  expect(queue.findSurplus("a")).toBeUndefined();
  expect(queue.findSurplus("b")).toBeUndefined();
  expect(queue.findSurplus("c")).toBe("a3");
  expect(queue.size).toBe(5);
  queue.remove("a", "a3");
  queue.push("c", "c1");
  expect(queue.findSurplus("c")).toBeUndefined();
});
