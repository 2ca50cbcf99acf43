import { expect, test } from "vitest";
import { createKeyIndex } from "../../src/access/key-index.ts";
import type { KeyEntry } from "../../src/access/key-list.ts";
import { makeAccess, makeKey } from "../support/keys.ts";

async function makeEntries(count: number): Promise<KeyEntry[]> {
  const made = await Promise.all(Array.from({ length: count }, () => makeKey()));
  return made.map(({ entry }) => entry);
}

test("finds the one that is equal, wherever it stands, by either of its names", async () => {
  const keys = await makeEntries(5);
  const source = { keys, isStale: false };
  const [byId, byDigest] = [createKeyIndex(source, "id"), createKeyIndex(source, "digest")];
  for (const key of keys) expect([byId(key.id), byDigest(key.digest)]).toEqual([key, key]);
  for (const other of ["", "x", "__proto__"]) expect(byDigest(other)).toBeUndefined();
});

test("a list that has changed counts from the next look on", async () => {
  const [first, second] = await makeEntries(2);
  const source: { keys: readonly KeyEntry[]; isStale: boolean } = { keys: [], isStale: false };
  const find = createKeyIndex(source, "digest");
  expect(find(first?.digest ?? "")).toBeUndefined();
  source.keys = [first as KeyEntry];
  expect(find(first?.digest ?? "")).toBe(first);
  source.keys = [second as KeyEntry];
  expect(find(first?.digest ?? "")).toBeUndefined();
});

test("who asks is found without a look at every key of the list", async () => {
  const { key, entry } = await makeKey();
  let looks = 0;
  const others = (await makeEntries(50)).map((other) => ({
    ...other,
    get digest() {
      looks += 1;
      return other.digest;
    },
  }));
  const { access } = makeAccess([...others, entry]);

  for (let time = 0; time < 10; time += 1) await access.authenticate(key);
  expect(looks).toBe(others.length);
});
