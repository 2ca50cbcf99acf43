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
  const windows = { minute: createWindow("minute"), day: createWindow("day") };
  return {
    add: (name, id, amount) =>
      link.ask(async () => {
        const { consumedPoints, msBeforeNext } = await windows[name].penalty(id, amount);
        return { used: consumedPoints, resetMs: msBeforeNext };
      }),
    read: (name, id) =>
      link.ask(async () => {
        const found = await windows[name].get(id);
        if (found === null) return { used: 0, resetMs: WINDOW_MS[name] };
        return { used: found.consumedPoints, resetMs: found.msBeforeNext };
      }),
    beginRun: (id, max) => leases.begin(id, max),
  };
}
