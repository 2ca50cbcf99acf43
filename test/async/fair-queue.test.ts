import fc from "fast-check";
import { expect, test } from "vitest";
import { createFairQueue } from "../../src/async/fair-queue.ts";

test("callers take turns, whatever each has waiting", () => {
  const queue = createFairQueue<string>();
  for (const item of ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) queue.push(item[0] ?? "", item);
  const order = Array.from({ length: 8 }, () => queue.shift());
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4", undefined]);
});

test("no caller starves: between two turns of one that waits, every other has at most one", () => {
  const Step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("push" as const), key: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("shift" as const), key: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), key: fc.nat(4) }) },
  );
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 120 }), (steps) => {
      const queue = createFairQueue<{ readonly key: string; readonly number: number }>();
      const waiting = new Map<string, { readonly key: string; readonly number: number }[]>();
      /** For each key that waits: how often each other was served since it began to wait or was served. */
      const passed = new Map<string, Map<string, number>>();
      let number = 0;
      for (const step of steps) {
        const key = `${step.key}`;
        const items = waiting.get(key) ?? [];
        if (step.do === "push") {
          const item = { key, number: (number += 1) };
          if (items.length === 0) passed.set(key, new Map());
          waiting.set(key, [...items, item]);
          queue.push(key, item);
        } else if (step.do === "remove") {
          const item = items.pop();
          if (item !== undefined) queue.remove(key, item);
        } else {
          const item = queue.shift();
          const sizes = [...waiting.values()].map(({ length }) => length);
          expect(item === undefined).toBe(sizes.every((length) => length === 0));
          if (item === undefined) continue;
          expect(waiting.get(item.key)?.shift()).toBe(item);
          passed.set(item.key, new Map());
          for (const [other, counts] of passed) {
            if (other === item.key || (waiting.get(other) ?? []).length === 0) continue;
            counts.set(item.key, (counts.get(item.key) ?? 0) + 1);
            expect(counts.get(item.key)).toBeLessThanOrEqual(1);
          }
        }
        const total = [...waiting.values()].reduce((sum, { length }) => sum + length, 0);
        expect(queue.size).toBe(total);
        expect(queue.count(key)).toBe(waiting.get(key)?.length ?? 0);
      }
      expect(queue.clear()).toHaveLength(
        [...waiting.values()].reduce((sum, { length }) => sum + length, 0),
      );
      expect(queue.shift()).toBeUndefined();
    }),
  );
});
