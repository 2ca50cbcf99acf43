/** Runs under way, as leases in Redis: renewed while they last, gone by themselves with their process. */
import { randomUUID } from "node:crypto";
import type { RemoteRun } from "../../access/shared-counts.ts";
import type { Clock } from "../../async/clock.ts";
import type { RedisLink } from "./redis-link.ts";

export interface RunLeases {
  begin(id: string, max: number): Promise<RemoteRun>;
  close(): void;
}

interface Options {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly prefix: string;
}

/** How long the runs of a process that is gone still count. */
const LEASE_MS = 30_000;
const RENEW_MS = LEASE_MS / 3;

/**
 * A sorted set for each key: its runs by the instant, on Redis' clock, at which they count no more. One that lies beyond
 * a lease was set before the clock was put back, or on another server; a run that is still there is told again.
 */
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. (now + ${LEASE_MS}), '+inf')
`;
/** ARGV: most runs, lease in ms, the run. */
const BEGIN = `${NOW}
if not redis.call('ZSCORE', KEYS[1], ARGV[3]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;
/** ARGV: lease in ms, the runs. They are there already, so that no limit holds them up. */
const RENEW = `${NOW}
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

/** Creates leases of no runs. */
export function createRunLeases({ link, clock, prefix }: Options): RunLeases {
  /** Those of this process, by key. */
  const running = new Map<string, Set<string>>();
  /** Runs whose end could not be told, with the time at which they count no more by themselves; the oldest first. */
  const untold = new Map<string, { readonly id: string; readonly untilMs: number }>();
  let cancelTimer: (() => void) | undefined;
  const { client } = link;
  const toName = (id: string): string => `${prefix}:runs:${id}`;

  const renewAll = async (): Promise<void> => {
    const all = [...running];
    if (all.length === 0) return;
    await link.ask(() =>
      Promise.all(all.map(([id, runs]) => client.eval(RENEW, 1, toName(id), LEASE_MS, ...runs))),
    );
  };
  const schedule = (): void => {
    cancelTimer ??= clock.timer(RENEW_MS, () => {
      cancelTimer = undefined;
      if (running.size === 0) return;
      schedule();
      void renewAll();
    });
  };
  const hold = (id: string, run: string): (() => void) => {
    const runs = running.get(id) ?? new Set();
    running.set(id, runs.add(run));
    schedule();
    return () => {
      runs.delete(run);
      if (runs.size === 0 && running.get(id) === runs) running.delete(id);
      void tellEnd(id, run);
    };
  };
  const tellEnd = async (id: string, run: string): Promise<void> => {
    const removed = await link.ask(() => client.zrem(toName(id), run));
    if (removed !== undefined) return;
    const nowMs = clock.now();
    untold.set(run, { id, untilMs: nowMs + LEASE_MS });
    for (const [oldest, { untilMs }] of untold) {
      if (untilMs > nowMs) return;
      untold.delete(oldest);
    }
  };
  const tellEnds = (): void => {
    const ended = [...untold];
    untold.clear();
    for (const [run, { id }] of ended) void tellEnd(id, run);
  };
  // What began, went on or ended while nothing could be told.
  link.onUp(() => {
    tellEnds();
    void renewAll();
  });
  return {
    async begin(id, max) {
      const run = randomUUID();
      const isIn = await link.ask(() => client.eval(BEGIN, 1, toName(id), max, LEASE_MS, run));
      if (isIn === 0) return { state: "full" };
      return { state: isIn === undefined ? "unknown" : "in", end: hold(id, run) };
    },
    close() {
      cancelTimer?.();
    },
  };
}
