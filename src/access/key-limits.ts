/** What each key may use up: requests in a minute, runs at once, tokens in a day. */
import { once } from "../async/once.ts";
import { AppError } from "../errors.ts";
import type { KeySource } from "./access.ts";
import type { Counts } from "./counts.ts";
import { createKeyIndex } from "./key-index.ts";
import type { KeyEntry } from "./key-list.ts";

/** How a key stands in its minute. */
export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  /** Until the minute is over. */
  readonly resetMs: number;
}

export interface KeyLimits {
  /** Counts a request; how the key stands after it, undefined without a limit. */
  countRequest(callerId: string): Promise<(Rate & { readonly isOver: boolean }) | undefined>;
  /** Counts a run until the result is called, which is safe to repeat. Throws AppError: rate_limited, quota_exceeded. */
  beginRun(callerId: string): Promise<() => void>;
  /** Input and output together. */
  addTokens(callerId: string, tokens: number): void;
}

/** Runs end when they end; this is when looking again is worth it. */
const RUN_RETRY_MS = 1_000;

/** Creates the limits of the keys in the source, over what is counted. */
export function createKeyLimits(source: KeySource, counts: Counts): KeyLimits {
  const findById = createKeyIndex(source, "id");
  const find = (id: string): Partial<KeyEntry> => findById(id) ?? {};

  const checkDay = async (id: string, tokensMax: number): Promise<void> => {
    const { used, resetMs } = await counts.read("day", id);
    if (used < tokensMax) return;
    throw new AppError("quota_exceeded", {
      detail: `this key has used its ${tokensMax} tokens of the day`,
      retryAfterMs: resetMs,
    });
  };
  return {
    async countRequest(id) {
      const { requestsPerMinuteMax: limit } = find(id);
      if (limit === undefined) return undefined;
      const { used, resetMs } = await counts.add("minute", id, 1);
      return { limit, remaining: Math.max(0, limit - used), resetMs, isOver: used > limit };
    },
    async beginRun(id) {
      const { runsMax, tokensPerDayMax } = find(id);
      if (tokensPerDayMax !== undefined) await checkDay(id, tokensPerDayMax);
      if (runsMax === undefined) return () => {};
      const end = await counts.beginRun(id, runsMax);
      if (end !== undefined) return once(end);
      throw new AppError("rate_limited", {
        detail: `this key may have ${runsMax} questions running or waiting; ask again when one is answered`,
        retryAfterMs: RUN_RETRY_MS,
      });
    },
    addTokens(id, tokens) {
      if (tokens > 0 && find(id).tokensPerDayMax !== undefined) void counts.add("day", id, tokens);
    },
  };
}
