/** Limits that several processes keep together, where REDIS_URL names a place for them. */
import type { Counts } from "../../access/counts.ts";
import { createMemoryCounts } from "../../access/memory-counts.ts";
import { createSharedCounts } from "../../access/shared-counts.ts";
import { systemClock } from "../../async/clock.ts";
import type { SharedTurns } from "../../async/rate-window.ts";
import type { Config } from "../../config.ts";
import type { Log } from "../../telemetry/log.ts";
import { createRedisCounts } from "./redis-counts.ts";
import { createRedisTurns } from "./redis-turns.ts";
import { openRedisLink } from "./redis-link.ts";
import { createRunLeases } from "./run-leases.ts";

export interface SharedLimits {
  /** Are they shared at this moment? Else each process goes by its own counts. */
  readonly isUp: boolean;
  /** How often a process had to go by its own counts. */
  readonly misses: number;
  /** Of keys. */
  readonly counts: Counts;
  /** At the endpoints of models. */
  readonly turns: SharedTurns;
  close(): void;
}

/** Opens them; a Redis that does not answer is no error. */
export async function openSharedLimits(
  config: Config & { readonly redisUrl: string },
  log: Log,
): Promise<SharedLimits> {
  const { redisUrl: url, redisPrefix: prefix, redisTimeoutMs: timeoutMs } = config;
  const clock = systemClock;
  const link = await openRedisLink({ url, prefix, timeoutMs, clock, log });
  const leases = createRunLeases({ link, clock, prefix });
  return {
    get isUp() {
      return link.isUp;
    },
    get misses() {
      return link.misses;
    },
    counts: createSharedCounts(
      createRedisCounts({ link, leases, prefix }),
      createMemoryCounts(clock),
    ),
    turns: createRedisTurns({ link, prefix }),
    close() {
      leases.close();
      link.close();
    },
  };
}
