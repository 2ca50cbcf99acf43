import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createLru } from "../../src/async/lru.ts";

test("forgets what was not asked for the longest", () => {
  const lru = createLru<number>({ entriesMax: 2, bytesMax: 1_000 });
  lru.set("a", 1, 1);
  lru.set("b", 2, 1);
  expect(lru.get("a")).toBe(1);
  lru.set("c", 3, 1);
  expect([lru.get("a"), lru.get("b"), lru.get("c")]).toEqual([1, undefined, 3]);
});

test("does not keep what alone is too large, not even an old value of the same key", () => {
  const lru = createLru<number>({ entriesMax: 2, bytesMax: 10 });
  lru.set("a", 1, 1);
  lru.set("a", 2, 100);
  expect(lru.get("a")).toBeUndefined();
  expect(lru.bytes).toBe(0);
});

test("forgets what it is told to, and counts it no more", () => {
  const lru = createLru<number>({ entriesMax: 2, bytesMax: 1_000 });
  lru.set("a", 1, 1);
  lru.delete("a");
  lru.delete("never there");
  expect([lru.get("a"), lru.entries, lru.bytes]).toEqual([undefined, 0, 0]);
});

test("keeps both bounds whatever is put in, and what was put in last is there", () => {
  const put = fc.record({ key: fc.constantFrom("a", "bb", "ccc", "d"), bytes: fc.nat(12) });
  fc.assert(
    fc.property(fc.array(put), fc.integer({ min: 1, max: 3 }), (puts, entriesMax) => {
      const lru = createLru<number>({ entriesMax, bytesMax: 20 });
      for (const [index, { key, bytes }] of puts.entries()) {
        lru.set(key, index, bytes);
        expect(lru.entries).toBeLessThanOrEqual(entriesMax);
        expect(lru.bytes).toBeLessThanOrEqual(20);
        expect(lru.get(key)).toBe(index);
      }
      const keys = ["a", "bb", "ccc", "d"].filter((key) => lru.get(key) !== undefined);
      expect(lru.entries).toBe(keys.length);
    }),
  );
});
