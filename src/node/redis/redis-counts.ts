/** Counts of keys in Redis: windows by rate-limiter-flexible, runs as leases. */
import { RateLimiterRedis } from "rate-limiter-flexible";
import { WINDOW_MS, type WindowName } from "../../access/counts.ts";
import type { RemoteCounts } from "../../access/shared-counts.ts";
import type { RedisLink } from "./redis-link.ts";
import type { RunLeases } from "./run-leases.ts";

interface Options {
  readonly link: RedisLink;
  readonly leases: RunLeases;
  /** First part of every name. */
  readonly prefix: string;
}

/** A window lasts as Redis' clock says, from its first use on. */
export function createRedisCounts({ link, leases, prefix }: Options): RemoteCounts {
  const createWindow = (name: WindowName): RateLimiterRedis =>
    new RateLimiterRedis({
      storeClient: link.client,
      keyPrefix: `${prefix}:${name}`,
      duration: WINDOW_MS[name] / 1_000,
      // What is too much is decided by the limits of the key, which may change in the middle of a window.
      points: Number.MAX_SAFE_INTEGER,
    });
  /** A window that has longer to go than it is long was begun before Redis' clock was put back, or on another server. */
  const toResetMs = async (name: WindowName, id: string, leftMs: number): Promise<number> => {
    if (leftMs <= WINDOW_MS[name]) return leftMs;
    await link.client.pexpire(`${prefix}:${name}:${id}`, WINDOW_MS[name]);
    return WINDOW_MS[name];
  };
  const windows = { minute: createWindow("minute"), day: createWindow("day") };
  return {
    async add(name, id, amount) {
      const isSent = link.isUp;
      const use = await link.ask(async () => {
        const { consumedPoints, msBeforeNext } = await windows[name].penalty(id, amount);
        return { used: consumedPoints, resetMs: await toResetMs(name, id, msBeforeNext) };
      });
      return use ?? (isSent ? "unsure" : undefined);
    },
    read: (name, id) =>
      link.ask(async () => {
        const found = await windows[name].get(id);
        if (found === null) return { used: 0, resetMs: WINDOW_MS[name] };
        return {
          used: found.consumedPoints,
          resetMs: await toResetMs(name, id, found.msBeforeNext),
        };
      }),
    beginRun: (id, max) => leases.begin(id, max),
  };
}
