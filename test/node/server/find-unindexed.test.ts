import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import type { CollectionView } from "../../../src/http/inspect-collections.ts";
import { findUnindexed } from "../../../src/node/server/find-unindexed.ts";
import type { Condition, ReadStore, Snapshot } from "../../../src/stores/store.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const signal = new AbortController().signal;

async function find(chunks: number, condition: () => Promise<Condition>) {
  const store: ReadStore = {
    kind: "memory",
    list: () => expect.unreachable(),
    open: async () => ({ condition }) as Partial<Snapshot> as Snapshot,
  };
  const view = { name: "big", status: "ready", chunks } as CollectionView;
  const gone: CollectionView = { name: "gone", status: "unavailable", code: "internal" };
  const deps = { config: parseConfig({}), clock: createFakeClock(), store };
  return findUnindexed(deps, [view, gone], signal);
}

test.each([
  ["that an ingest left without indexes", 300_000, 0, "300,000 chunks"],
  ["of which the indexes hold a half", 300_000, 0.5, "150,000 chunks"],
])("a large collection %s is named with the way out", async (_, chunks, indexedShare, lacking) => {
  const [line, ...rest] = await find(chunks, async () => ({ indexedShare }));
  expect(line).toMatch(new RegExp(`^${lacking} of the collection big .*pnpm ingest optimize big$`));
  expect(rest).toEqual([]);
});

test.each([
  ["whose indexes hold nearly all", 300_000, 0.99],
  ["that is searched one by one in time", 10_000, 0],
  ["of a store that does not know", 300_000, undefined],
])("nothing is said of a collection %s", async (_, chunks, indexedShare) => {
  expect(
    await find(chunks, async () => (indexedShare === undefined ? {} : { indexedShare })),
  ).toEqual([]);
});

test("one that cannot be looked at is passed over, and a bug is not", async () => {
  const refused = new AppError("store_unavailable");
  expect(await find(300_000, () => Promise.reject(refused))).toEqual([]);
  await expect(find(300_000, () => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
});
