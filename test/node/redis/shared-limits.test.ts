/** Limits of keys that several processes share through a real redis-server, which is killed, frozen and filled on the way. */
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { toKeyList } from "../../../src/access/key-list.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { openSharedLimits } from "../../../src/node/redis/open-shared-limits.ts";
import { openRedisLink } from "../../../src/node/redis/redis-link.ts";
import { createRunLeases } from "../../../src/node/redis/run-leases.ts";
import { recordLog } from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { bearer, makeKey } from "../../support/keys.ts";
import { makeLocalStore } from "../../support/local-store.ts";
import { type ServiceProgram, startService } from "../../support/process.ts";
import { hasRedis, type RedisServer, startRedis } from "../../support/redis.ts";

/** No answer of Redis takes so long, however busy the machine is. */
const PATIENCE_MS = "20000";
const KEY = "key_shared";
const CHANGES = /limits-shared|limits-not-shared/;

async function openLimits(url: string, timeoutMs = PATIENCE_MS, prefix = "tributary") {
  const log = recordLog();
  const config = parseConfig({ REDIS_URL: url, REDIS_TIMEOUT_MS: timeoutMs, REDIS_PREFIX: prefix });
  const limits = await openSharedLimits({ ...config, redisUrl: url }, log);
  return Object.assign(limits, {
    changes: () => log.lines.filter((line) => CHANGES.test(line)),
    [Symbol.dispose]: () => limits.close(),
  });
}

/** Soon, as many members are in a set. */
async function holds({ url }: RedisServer, set: string, members: number): Promise<void> {
  const admin = new Redis(url);
  await expect.poll(() => admin.zcard(set)).toBe(members);
  admin.disconnect();
}

const becomes = (limits: { readonly isUp: boolean }, isUp: boolean) =>
  expect.poll(() => limits.isUp, { interval: 50 }).toBe(isUp);

describe.skipIf(!hasRedis())("over one Redis", () => {
  test("what two count at the same time adds up", async () => {
    await using redis = await startRedis();
    using one = await openLimits(redis.url);
    using two = await openLimits(redis.url);
    const uses = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (at % 2 ? one : two).counts.add("minute", KEY, 1)),
    );
    const sorted = uses.map(({ used }) => used).toSorted((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(uses.every(({ resetMs }) => resetMs > 0 && resetMs <= 60_000)).toBe(true);
    expect(await one.counts.read("day", KEY)).toEqual({ used: 0, resetMs: 86_400_000 });
    await one.counts.add("day", KEY, 7);
    expect(await two.counts.read("day", KEY)).toMatchObject({ used: 7 });
    expect([one.misses, two.misses]).toEqual([0, 0]);
  });

  test("those of another REDIS_PREFIX count for themselves, and every name in Redis begins with it", async () => {
    await using redis = await startRedis();
    using one = await openLimits(redis.url, PATIENCE_MS, "staging");
    using two = await openLimits(redis.url, PATIENCE_MS, "live");
    for (const { counts, turns } of [one, two]) {
      expect(await counts.add("minute", KEY, 1)).toMatchObject({ used: 1 });
      expect(await counts.add("day", KEY, 7)).toMatchObject({ used: 7 });
      expect(await counts.beginRun(KEY, 1)).toBeDefined();
      const window = { name: "chat", callsMax: 1, tokensMax: Infinity, windowMs: 60_000 };
      expect(await turns.book(window, 1)).toMatchObject({ waitMs: 0 });
    }
    const admin = new Redis(redis.url);
    const names = (await admin.keys("*")).map((name) => name.split(":")[0]);
    admin.disconnect();
    expect(new Set(names)).toEqual(new Set(["staging", "live"]));
  });

  test("as many runs as allowed, over both", async () => {
    await using redis = await startRedis();
    using one = await openLimits(redis.url);
    using two = await openLimits(redis.url);
    const begin = (at: number) => (at % 2 ? one : two).counts.beginRun(KEY, 5);
    const runs = await Promise.all(Array.from({ length: 40 }, (_, at) => begin(at)));
    const ends = runs.filter((end) => end !== undefined);
    expect(ends).toHaveLength(5);
    ends[0]?.();
    await holds(redis, `tributary:runs:${KEY}`, 4);
    expect(await two.counts.beginRun(KEY, 5)).toBeDefined();
    expect(await one.counts.beginRun(KEY, 5)).toBeUndefined();
  });

  test("killed: each goes by what it let through itself, and says so once; back: all runs count again", async () => {
    await using redis = await startRedis();
    using one = await openLimits(redis.url);
    using two = await openLimits(redis.url);
    await one.counts.add("minute", KEY, 4);
    await two.counts.add("minute", KEY, 1);
    const end = await one.counts.beginRun(KEY, 2);
    await redis.kill("SIGKILL");
    expect(await one.counts.add("minute", KEY, 1)).toMatchObject({ used: 5 });
    expect(await one.counts.beginRun(KEY, 2)).toBeDefined();
    expect(await one.counts.beginRun(KEY, 2)).toBeUndefined();
    await one.counts.add("day", KEY, 50);
    await Promise.all([becomes(one, false), becomes(two, false)]);
    await redis.restart();
    await Promise.all([becomes(one, true), becomes(two, true)]);
    expect(one.changes()).toHaveLength(3);
    expect(one.changes()[1]).toMatch(/^warn limits-not-shared/);
    // The runs of before are told to the new, empty server, and so is what was used of the day.
    await holds(redis, `tributary:runs:${KEY}`, 2);
    expect(await two.counts.beginRun(KEY, 2)).toBeUndefined();
    expect(await one.counts.read("day", KEY)).toMatchObject({ used: 50 });
    expect(await two.counts.read("day", KEY)).toMatchObject({ used: 50 });
    end?.();
    await holds(redis, `tributary:runs:${KEY}`, 1);
    expect(await two.counts.beginRun(KEY, 2)).toBeDefined();
  });

  test("frozen: one question waits its time, those behind it do not, and it thaws by itself", async () => {
    await using redis = await startRedis();
    using limits = await openLimits(redis.url, "300");
    await becomes(limits, true);
    await redis.kill("SIGSTOP");
    for (let used = 1; used <= 50; used += 1) {
      expect(await limits.counts.add("minute", KEY, 1)).toMatchObject({ used });
    }
    expect(limits.isUp).toBe(false);
    expect(limits.changes().at(-1)).toBe('warn limits-not-shared {"reason":"timeout"}');
    await redis.kill("SIGCONT");
    await becomes(limits, true);
    expect(await limits.counts.add("minute", "key_other", 1)).toMatchObject({ used: 1 });
  });

  test("frozen: runs that ended meanwhile hold no place when it thaws", async () => {
    await using redis = await startRedis();
    using limits = await openLimits(redis.url, "300");
    await becomes(limits, true);
    const begun = [await limits.counts.beginRun(KEY, 3), await limits.counts.beginRun(KEY, 3)];
    await holds(redis, `tributary:runs:${KEY}`, 2);
    await redis.kill("SIGSTOP");
    begun.push(await limits.counts.beginRun(KEY, 3));
    expect(begun).not.toContain(undefined);
    for (const end of begun) end?.();
    await becomes(limits, false);
    await redis.kill("SIGCONT");
    await becomes(limits, true);
    // Long before their leases would have run out.
    await holds(redis, `tributary:runs:${KEY}`, 0);
  });

  test("frozen again and again: tokens that it was told before it thawed count once", async () => {
    await using redis = await startRedis();
    using limits = await openLimits(redis.url, "300");
    for (let time = 0; time < 3; time += 1) {
      await becomes(limits, true);
      await redis.kill("SIGSTOP");
      await limits.counts.add("day", KEY, 100);
      await redis.kill("SIGCONT");
    }
    await becomes(limits, true);
    await expect.poll(async () => (await limits.counts.read("day", KEY)).used).toBe(300);
  });

  test("full, or only to be read: it answers, and does not count as there", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    using limits = await openLimits(redis.url);
    await admin.config("SET", "maxmemory", "1");
    await limits.counts.add("minute", KEY, 1);
    expect(await limits.counts.add("minute", KEY, 1)).toMatchObject({ used: 2 });
    expect(limits.isUp).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(limits.isUp).toBe(false);
    expect(limits.changes()).toHaveLength(2);
    expect(limits.changes()[1]).toBe('warn limits-not-shared {"reason":"OOM"}');
    await admin.config("SET", "maxmemory", "0");
    await becomes(limits, true);
    admin.disconnect();
  });

  test("no Redis, or a wrong password, at the start is no reason not to start", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    await admin.config("SET", "requirepass", "right");
    admin.disconnect();
    for (const [url, reason] of [
      ["redis://127.0.0.1:9", "ECONNREFUSED"],
      [`redis://:zqwrong@127.0.0.1:${redis.port}`, "WRONGPASS"],
    ] as const) {
      using limits = await openLimits(url);
      expect(await limits.counts.add("minute", KEY, 1)).toMatchObject({ used: 1 });
      expect(limits.isUp).toBe(false);
      expect(limits.changes()).toHaveLength(1);
      expect(limits.changes()[0]).toBe(`warn limits-not-shared {"reason":"${reason}"}`);
    }
    using limits = await openLimits(`redis://:right@127.0.0.1:${redis.port}`);
    expect(limits.isUp).toBe(true);
  });

  test("turns at an endpoint are taken in common: calls, tokens, and what is given back", async () => {
    await using redis = await startRedis();
    using one = await openLimits(redis.url);
    using two = await openLimits(redis.url);
    const windowMs = 600_000;
    const book = async (name: string, count: number, tokens: number) => {
      const window = { name, callsMax: 7, tokensMax: name === "calls" ? Infinity : 100, windowMs };
      const turns = await Promise.all(
        Array.from({ length: count }, (_, at) => (at % 2 ? one : two).turns.book(window, tokens)),
      );
      return turns.map((turn) => {
        if (turn === undefined) throw new Error("Redis was not reached");
        return { ...turn, windows: Math.ceil(turn.waitMs / windowMs) };
      });
    };
    const count = (turns: readonly { windows: number }[]) =>
      [0, 1, 2].map((at) => turns.filter(({ windows }) => windows === at).length);
    expect(count(await book("calls", 20, 5))).toEqual([7, 7, 6]);
    const turns = await book("tokens", 9, 30);
    expect(count(turns)).toEqual([3, 3, 3]);
    // They are remembered for as long as they lie in a window of somebody's.
    const admin = new Redis(redis.url);
    expect(await admin.pttl("tributary:turns:tokens")).toBeGreaterThan(2 * windowMs);
    admin.disconnect();
    // The last one of the last window gives its turn back, and the next call has it.
    const last = turns.toSorted((a, b) => a.waitMs - b.waitMs).at(-1);
    last?.cancel();
    await holds(redis, "tributary:turns:tokens", 8);
    expect((await book("tokens", 1, 40))[0]?.windows).toBe(2);
    expect((await book("tokens", 1, 1))[0]?.windows).toBe(3);
    expect((await book("other", 1, 100))[0]?.waitMs).toBe(0);
  });

  test("a run that lasts is told again before its lease is over, and none is once it has ended", async () => {
    await using redis = await startRedis();
    const admin = new Redis(redis.url);
    const [log, prefix] = [recordLog(), "tributary"];
    const own = { url: redis.url, prefix, timeoutMs: Number(PATIENCE_MS), clock: systemClock, log };
    const link = await openRedisLink(own);
    const clock = createFakeClock();
    const leases = createRunLeases({ link, clock, prefix });
    const set = `${prefix}:runs:${KEY}`;
    const run = await leases.begin(KEY, 1);
    const [id = "", first = ""] = await admin.zrange(set, "0", "0", "WITHSCORES");
    await admin.zincrby(set, -20_000, id);
    await clock.advance(10_000);
    await expect
      .poll(async () => Number(await admin.zscore(set, id)))
      .toBeGreaterThanOrEqual(Number(first));
    if ("end" in run) run.end();
    await holds(redis, set, 0);
    await clock.advance(60_000);
    expect([await admin.zcard(set), clock.pending]).toEqual([0, 0]);
    leases.close();
    link.close();
    admin.disconnect();
  });

  test("tokens of more turns than are read at once are added up all the same", async () => {
    await using redis = await startRedis();
    using limits = await openLimits(redis.url);
    const window = { name: "long", callsMax: Infinity, tokensMax: 250, windowMs: 600_000 };
    const waits: (number | undefined)[] = [];
    for (let count = 0; count < 251; count += 1) {
      waits.push((await limits.turns.book(window, 1))?.waitMs);
    }
    expect(waits.slice(0, 250)).toEqual(Array(250).fill(0));
    expect(waits[250]).toBeGreaterThan(300_000);
  });

  test("a clock that was put back, or that of another server, keeps nobody out for as long as it differs", async () => {
    await using redis = await startRedis();
    using limits = await openLimits(redis.url);
    const admin = new Redis(redis.url);
    const laterMs = Date.now() + 3_600_000;
    await limits.counts.add("minute", KEY, 7);
    await admin.pexpire(`tributary:minute:${KEY}`, 3_600_000);
    expect((await limits.counts.read("minute", KEY)).resetMs).toBeLessThanOrEqual(60_000);
    await admin.pexpire(`tributary:minute:${KEY}`, 3_600_000);
    const { used, resetMs } = await limits.counts.add("minute", KEY, 1);
    expect([used, resetMs <= 60_000]).toEqual([8, true]);
    expect(await admin.pttl(`tributary:minute:${KEY}`)).toBeLessThanOrEqual(60_000);

    await admin.zadd(`tributary:runs:${KEY}`, laterMs, "of a process that is gone");
    expect(await limits.counts.beginRun(KEY, 1)).toBeDefined();

    await admin.zadd("tributary:turns:m", laterMs, "1:x");
    const window = { name: "m", callsMax: 7, tokensMax: Infinity, windowMs: 60_000 };
    expect((await limits.turns.book(window, 1))?.waitMs).toBe(0);
    admin.disconnect();
  });

  test("two services let through exactly what a key may, answer on without Redis, and share again", async () => {
    await using redis = await startRedis();
    await using folder = await makeLocalStore();
    const { key, entry } = await makeKey({ id: KEY, requestsPerMinuteMax: 30 });
    const free = await makeKey({ id: "key_free" });
    const env = {
      REDIS_URL: redis.url,
      REDIS_TIMEOUT_MS: PATIENCE_MS,
      API_KEYS: toKeyList([entry, free.entry]),
    };
    await using one = await startService({ DATA_DIR: folder.path, ...env });
    await using two = await startService({ DATA_DIR: folder.path, ...env });
    const send = async (at: number): Promise<number> => {
      const { url } = at % 2 === 0 ? one : two;
      const response = await fetch(`${url}/v1/models`, { headers: bearer(key) });
      await response.text();
      return response.status;
    };
    const statuses = await Promise.all(Array.from({ length: 80 }, (_, at) => send(at)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(50);
    expect(await readLimits(one)).toBe("shared");

    await redis.kill("SIGKILL");
    expect([200, 429]).toContain(await send(0));
    await expect.poll(() => readLimits(one)).toBe("own");
    const metrics = await fetch(`${one.url}/metrics`, { headers: bearer(free.key) });
    expect(await metrics.text()).toMatch(/tributary_shared_limits_up 0\n/);
    await redis.restart();
    await expect.poll(() => readLimits(one)).toBe("shared");
    expect(one.stderr().split("limits-not-shared")).toHaveLength(2);
  });
});

async function readLimits({ url }: ServiceProgram): Promise<string> {
  const body = (await (await fetch(`${url}/readyz`)).json()) as { limits: string };
  return body.limits;
}
