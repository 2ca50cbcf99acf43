import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createKey, isWellFormed, toDigest } from "../../src/access/key.ts";

test("every key is another, and well-formed", () => {
  const keys = Array.from({ length: 200 }, createKey);
  expect(new Set(keys).size).toBe(200);
  for (const key of keys) expect([isWellFormed(key), key.length]).toEqual([true, 77]);
});

test("a key with one wrong sign, or a sign less, is not well-formed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 76 }),
      fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
      (at, sign) => {
        const key = createKey();
        const other = `${key.slice(0, at)}${sign}${key.slice(at + 1)}`;
        expect(isWellFormed(other)).toBe(other === key);
        expect(isWellFormed(`${key.slice(0, at)}${key.slice(at + 1)}`)).toBe(false);
      },
    ),
  );
});

test("the digest is SHA-256, and a credential without end costs no more than its beginning", async () => {
  const key = createKey();
  expect(await toDigest(key)).toBe(createHash("sha256").update(key).digest("hex"));
  const long = `${key}${"x".repeat(10_000)}`;
  expect(await toDigest(long)).toBe(await toDigest(long.slice(0, 256)));
  expect(await toDigest(long)).not.toBe(await toDigest(key));
});
