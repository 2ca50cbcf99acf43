/** What a look at hundreds of collections costs. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { createLimiter } from "../../../src/async/limiter.ts";
import { parseConfig } from "../../../src/config.ts";
import type { LanceBase } from "../../../src/node/lance/base.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createListing } from "../../../src/node/lance/listing.ts";
import type { Reader } from "../../../src/node/lance/reader.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { makeTempFolder } from "../../support/local-store.ts";

const { signal } = new AbortController();

test("collections are opened some at a time, and not again by the looks after the first", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${String(index).padStart(2, "0")}`);
  const open = new Set<string>();
  let [opens, running, runningMax] = [0, 0, 0];
  const reader = {
    isOpen: (name: string) => open.has(name),
    async open(name: string) {
      opens += 1;
      runningMax = Math.max(runningMax, (running += 1));
      await nextTurn();
      running -= 1;
      open.add(name);
    },
  } as unknown as Reader;
  const clock = createFakeClock();
  const limiter = createLimiter({ concurrencyMax: 1, queueMax: 1 });
  const connection = { tableNames: async () => names };
  const seen = { tables: false };
  const fields = { connection, limiter, clock, seen, config: parseConfig({}) };
  const base = fields as unknown as LanceBase;
  const listing = createListing(base, reader);
  expect(await listing.list(signal)).toEqual(names);
  expect(runningMax).toBe(base.config.searchConcurrencyMax);
  await clock.advance(base.config.freshnessMs);
  names.push("c40");
  expect(await listing.list(signal)).toEqual(names);
  expect(opens).toBe(41);
});

test("a folder that goes away is no empty store", async () => {
  await using folder = await makeTempFolder();
  const uri = join(folder.path, "store");
  const store = await createLanceStore({ uri, config: parseConfig({}), clock: systemClock });
  expect(await store.list(signal)).toEqual([]);
  const named = { code: "store_unavailable", detail: expect.stringContaining("DATA_DIR") };
  await expect(store.open("notes", signal)).rejects.toThrow("no collection");
  await rm(uri, { recursive: true });
  await expect(store.open("notes", signal)).rejects.toMatchObject(named);
  await expect
    .poll(() => store.list(signal).catch((thrown: unknown) => thrown))
    .toMatchObject(named);
});
