import { expect, test } from "vitest";
import { createKeyLimits } from "../../src/access/key-limits.ts";
import type { KeyEntry } from "../../src/access/key-list.ts";
import { createMemoryCounts } from "../../src/access/memory-counts.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { makeKey } from "../support/keys.ts";

async function makeLimits(change: Partial<KeyEntry>) {
  const clock = createFakeClock();
  const { entry } = await makeKey(change);
  const source = { keys: [entry], isStale: false };
  return { clock, entry, source, limits: createKeyLimits(source, createMemoryCounts(clock)) };
}

test("requests of a minute are counted, and the next minute begins anew", async () => {
  const { clock, entry, limits } = await makeLimits({ requestsPerMinuteMax: 2 });
  expect(await limits.countRequest(entry.id)).toMatchObject({ remaining: 1, isOver: false });
  await clock.advance(20_000);
  expect(await limits.countRequest(entry.id)).toMatchObject({ remaining: 0, isOver: false });
  expect(await limits.countRequest(entry.id)).toMatchObject({ isOver: true, resetMs: 40_000 });
  await clock.advance(40_000);
  expect(await limits.countRequest(entry.id)).toMatchObject({ remaining: 1, isOver: false });
});

test("runs count until they are over, and being over counts once", async () => {
  const { entry, limits } = await makeLimits({ runsMax: 1 });
  const end = await limits.beginRun(entry.id);
  await expect(limits.beginRun(entry.id)).rejects.toThrow("1 questions");
  end();
  const other = await limits.beginRun(entry.id);
  end();
  await expect(limits.beginRun(entry.id)).rejects.toThrow("1 questions");
  other();
  await limits.beginRun(entry.id);
});

test("tokens of a day end runs until the day is over", async () => {
  const { clock, entry, limits } = await makeLimits({ tokensPerDayMax: 100 });
  limits.addTokens(entry.id, 99);
  await limits.beginRun(entry.id);
  await clock.advance(3_600_000);
  limits.addTokens(entry.id, 50);
  await expect(limits.beginRun(entry.id)).rejects.toMatchObject({
    code: "quota_exceeded",
    retryAfterMs: 23 * 3_600_000,
  });
  await clock.advance(23 * 3_600_000);
  await limits.beginRun(entry.id);
});

test("a changed list counts at once, and one key's use is not another's", async () => {
  const { entry, source, limits } = await makeLimits({ requestsPerMinuteMax: 1 });
  const other = (await makeKey({ requestsPerMinuteMax: 1 })).entry;
  await limits.countRequest(entry.id);
  source.keys = [{ ...entry, requestsPerMinuteMax: 5 }, other];
  expect(await limits.countRequest(entry.id)).toMatchObject({ isOver: false });
  expect(await limits.countRequest(other.id)).toMatchObject({ isOver: false });
  expect(await limits.countRequest("local")).toBeUndefined();
});
