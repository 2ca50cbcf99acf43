import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { isSameDigest, toSha256 } from "../../src/text/digest.ts";

test("a digest is that of all of the text", async () => {
  const long = "ä".repeat(10_000);
  expect(await toSha256(long)).toBe(createHash("sha256").update(long).digest("hex"));
  expect(await toSha256(`${long}x`)).not.toBe(await toSha256(`${long}y`));
});

test("digests are the same only when all of their digits are", () => {
  expect(isSameDigest("abc", "abc")).toBe(true);
  for (const other of ["abd", "bbc", "ab", "abcd", ""]) {
    expect(isSameDigest(other, "abc")).toBe(false);
    expect(isSameDigest("abc", other)).toBe(false);
  }
});
