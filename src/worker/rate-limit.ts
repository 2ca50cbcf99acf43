/**
 * The platform's limit of requests, over its binding RATE_LIMIT: one limit for every caller, or for every
 * address where no keys are asked for.
 *
 * Shape: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/: `limit({ key })` to
 * `{ success }`. The platform counts by location and lets a few too many pass; it does not say when its period
 * ends, so that whoever is refused is told to wait for a whole one. Run in the local runtime, not against the
 * real service.
 */
import * as z from "zod";
import type { Clock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { type Caller, LOCAL_CALLER } from "../domain/caller.ts";
import { AppError } from "../errors.ts";
import type { RequestLimit } from "../http/guards/request-limit.ts";
import type { Log } from "../telemetry/log.ts";

export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<unknown>;
}

export interface RateLimitOptions {
  readonly binding: RateLimitBinding;
  /** Of the binding. */
  readonly periodMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Counters lie beside the Worker; an answer that takes longer is none. */
const ANSWER_MS = 250;
const Answer = z.object({ success: z.boolean() });

/** A limit that cannot be asked lets requests pass and says so in the log: it guards the service, it is no reason to end it. */
export function createRateLimit({ binding, periodMs, clock, log }: RateLimitOptions): RequestLimit {
  const isWithin = async (key: string): Promise<boolean> => {
    using deadline = startDeadline({ clock, budgetMs: ANSWER_MS });
    try {
      const answer = await untilAborted(binding.limit({ key }), deadline.signal);
      return Answer.parse(answer).success;
    } catch (thrown) {
      log.error("rate-limit-failed", thrown);
      return true;
    }
  };
  return async (request, caller) => {
    const { key, name } = toKey(request, caller);
    if (await isWithin(key)) return;
    throw new AppError("rate_limited", {
      detail: `${name} sends more requests than this service takes in ${periodMs / 1_000} seconds`,
      retryAfterMs: periodMs,
    });
  };
}

function toKey(request: Request, caller: Caller) {
  if (caller !== LOCAL_CALLER) return { key: `key ${caller.id}`, name: "this key" };
  const address = request.headers.get("CF-Connecting-IP") ?? "unknown";
  return { key: `address ${toNetwork(address)}`, name: "this address" };
}

/** One who has an address of IPv6 has a network of them: its first 64 bits. */
function toNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill("0"), ...after].slice(0, 4).join(":");
}
