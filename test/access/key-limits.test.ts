import { expect, test } from "vitest";
import { createKeyLimits } from "../../src/access/key-limits.ts";
import type { KeyEntry } from "../../src/access/key-list.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { makeKey } from "../support/keys.ts";

async function makeLimits(change: Partial<KeyEntry>) {
  const clock = createFakeClock();
  const { entry } = await makeKey(change);
  const source = { keys: [entry], isStale: false };
  return { clock, entry, source, limits: createKeyLimits(source, clock) };
}

test("requests of a minute are counted, and the next minute begins anew", async () => {
  const { clock, entry, limits } = await makeLimits({ requestsPerMinuteMax: 2 });
  expect(limits.countRequest(entry.id)).toMatchObject({ remaining: 1, isOver: false });
  await clock.advance(20_000);
  expect(limits.countRequest(entry.id)).toMatchObject({ remaining: 0, isOver: false });
  expect(limits.countRequest(entry.id)).toMatchObject({ isOver: true, resetMs: 40_000 });
  await clock.advance(40_000);
  expect(limits.countRequest(entry.id)).toMatchObject({ remaining: 1, isOver: false });
});

test("runs count until they are over, and being over counts once", async () => {
  const { entry, limits } = await makeLimits({ runsMax: 1 });
  const end = limits.beginRun(entry.id);
  expect(() => limits.beginRun(entry.id)).toThrow("1 questions");
  expect(() => limits.checkRun(entry.id)).toThrow("1 questions");
  end();
  const other = limits.beginRun(entry.id);
  end();
  expect(() => limits.beginRun(entry.id)).toThrow("1 questions");
  other();
  limits.checkRun(entry.id);
});

test("tokens of a day end runs until the day is over", async () => {
  const { clock, entry, limits } = await makeLimits({ tokensPerDayMax: 100 });
  limits.addTokens(entry.id, 99);
  limits.checkRun(entry.id);
  await clock.advance(3_600_000);
  limits.addTokens(entry.id, 50);
  let thrown: unknown;
  try {
    limits.checkRun(entry.id);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "quota_exceeded", retryAfterMs: 23 * 3_600_000 });
  await clock.advance(23 * 3_600_000);
  limits.checkRun(entry.id);
});

test("a changed list counts at once, and one key's use is not another's", async () => {
  const { entry, source, limits } = await makeLimits({ requestsPerMinuteMax: 1 });
  const other = (await makeKey({ requestsPerMinuteMax: 1 })).entry;
  limits.countRequest(entry.id);
  source.keys = [{ ...entry, requestsPerMinuteMax: 5 }, other];
  expect(limits.countRequest(entry.id)?.isOver).toBe(false);
  expect(limits.countRequest(other.id)?.isOver).toBe(false);
  expect(limits.countRequest("local")).toBeUndefined();
});
