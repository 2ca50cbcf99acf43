/** What each key may use up: requests in a minute, runs at once, tokens in a day. Counted in this process. */
import type { Clock } from "../async/clock.ts";
import { AppError } from "../errors.ts";
import type { KeySource } from "./access.ts";
import type { KeyEntry } from "./key-list.ts";

/** How a key stands in its minute. */
export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  /** Until the minute is over. */
  readonly resetMs: number;
}

export interface KeyLimits {
  /** Counts a request; how the key stands after it, undefined without a limit. Never throws. */
  countRequest(callerId: string): (Rate & { readonly isOver: boolean }) | undefined;
  /** Throws what `beginRun` would. */
  checkRun(callerId: string): void;
  /** Counts a run until the result is called. Throws AppError: rate_limited, quota_exceeded. */
  beginRun(callerId: string): () => void;
  /** Input and output together. */
  addTokens(callerId: string, tokens: number): void;
}

export const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Runs end when they end; this is when looking again is worth it. */
const RUN_RETRY_MS = 1_000;

interface Window {
  readonly untilMs: number;
  used: number;
}

/** Creates limits that nobody has used yet. A window begins with the first use and is forgotten at its end. */
export function createKeyLimits(source: KeySource, clock: Clock): KeyLimits {
  const minutes = new Map<string, Window>();
  const days = new Map<string, Window>();
  const runs = new Map<string, number>();
  let indexed: readonly KeyEntry[] = [];
  let byId = new Map<string, KeyEntry>();

  const find = (id: string): KeyEntry | undefined => {
    if (indexed !== source.keys) {
      indexed = source.keys;
      byId = new Map(indexed.map((key) => [key.id, key]));
    }
    return byId.get(id);
  };
  const open = (windows: Map<string, Window>, id: string, lengthMs: number): Window => {
    const nowMs = clock.now();
    const last = windows.get(id);
    if (last !== undefined && nowMs < last.untilMs) return last;
    const next = { untilMs: nowMs + lengthMs, used: 0 };
    windows.set(id, next);
    return next;
  };
  const checkRun = (id: string): void => {
    const { runsMax, tokensPerDayMax } = find(id) ?? {};
    if (runsMax !== undefined && (runs.get(id) ?? 0) >= runsMax) {
      throw new AppError("rate_limited", {
        detail: `this key may have ${runsMax} questions running or waiting; ask again when one is answered`,
        retryAfterMs: RUN_RETRY_MS,
      });
    }
    if (tokensPerDayMax === undefined) return;
    const day = open(days, id, DAY_MS);
    if (day.used < tokensPerDayMax) return;
    throw new AppError("quota_exceeded", {
      detail: `this key has used its ${tokensPerDayMax} tokens of the day`,
      retryAfterMs: day.untilMs - clock.now(),
    });
  };
  return {
    countRequest(id) {
      const limit = find(id)?.requestsPerMinuteMax;
      if (limit === undefined) return undefined;
      const minute = open(minutes, id, MINUTE_MS);
      minute.used += 1;
      return {
        limit,
        remaining: Math.max(0, limit - minute.used),
        resetMs: minute.untilMs - clock.now(),
        isOver: minute.used > limit,
      };
    },
    checkRun,
    beginRun(id) {
      checkRun(id);
      runs.set(id, (runs.get(id) ?? 0) + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (runs.get(id) ?? 1) - 1;
        if (left > 0) runs.set(id, left);
        else runs.delete(id);
      };
    },
    addTokens(id, tokens) {
      if (find(id)?.tokensPerDayMax !== undefined) open(days, id, DAY_MS).used += tokens;
    },
  };
}
