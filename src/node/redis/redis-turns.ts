/** Turns at an upstream in Redis: the log of the last window and of what is booked, so that no window holds too much. */
import { randomUUID } from "node:crypto";
import type { SharedTurns } from "../../async/rate-window.ts";
import type { RedisLink } from "./redis-link.ts";

interface Options {
  readonly link: RedisLink;
  readonly prefix: string;
}

/**
 * No run waits through more windows than these for its turn. What lies farther ahead was booked before Redis' clock was
 * put back, or on another server, and would stop everyone until then.
 */
const WINDOWS_AHEAD = 6;

/**
 * A sorted set of turns by their instant on Redis' clock; a member is `tokens:id`. The same search as in
 * async/rate-window.ts: never before the last turn, and not while a call or a token too many lies in the window.
 * ARGV: calls and tokens at most (0: any number), window in ms, tokens, id, windows ahead. Gives the wait in ms.
 */
const BOOK = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local calls, most, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + ARGV[6] * window, '+inf')
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local at = math.max(now, tonumber(last[2] or now))
if calls > 0 then
  local turn = redis.call('ZREVRANGE', KEYS[1], calls - 1, calls - 1, 'WITHSCORES')
  if turn[2] then at = math.max(at, turn[2] + window) end
end
local sum, from, isFull = tonumber(ARGV[4]), 0, most == 0
while not isFull do
  local turns = redis.call('ZREVRANGE', KEYS[1], from, from + 99, 'WITHSCORES')
  for i = 1, #turns, 2 do
    sum = sum + tonumber(string.match(turns[i], '^(%d+):'))
    if sum > most then
      at = math.max(at, turns[i + 1] + window)
      isFull = true
      break
    end
  end
  if #turns < 200 then break end
  from = from + 100
end
redis.call('ZADD', KEYS[1], at, ARGV[4] .. ':' .. ARGV[5])
redis.call('PEXPIRE', KEYS[1], at - now + window)
return at - now`;

export function createRedisTurns({ link, prefix }: Options): SharedTurns {
  const { client } = link;
  return {
    async book({ name, callsMax, tokensMax, windowMs }, tokens) {
      const key = `${prefix}:turns:${name}`;
      const id = randomUUID();
      const whole = Math.ceil(tokens);
      const limits = [callsMax, tokensMax].map((max) => (Number.isFinite(max) ? max : 0));
      const waitMs = await link.ask(() =>
        client.eval(BOOK, 1, key, ...limits, windowMs, whole, id, WINDOWS_AHEAD),
      );
      if (waitMs === undefined) return undefined;
      return {
        waitMs: Number(waitMs),
        cancel: () => void link.ask(() => client.zrem(key, `${whole}:${id}`)),
      };
    },
  };
}
