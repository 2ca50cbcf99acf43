/** The settings of limits that several processes count together, in one Redis. */
import * as z from "zod";
import { Milliseconds } from "./kinds.ts";

const RedisUrl = z.url({ protocol: /^rediss?$/, error: "must be a redis(s) URL" });
const Prefix = z
  .string()
  .trim()
  .regex(/^[\w:.-]{1,64}$/, { error: "must be 1 to 64 letters, digits or : . _ -" });

export const SHARING_SETTINGS = {
  redisUrl: RedisUrl.optional().describe(
    "Address of a Redis in which several processes count the limits of keys and endpoints together; may hold its password. Unset: each process counts its own.",
  ),
  redisPrefix: Prefix.default("tributary").describe(
    "First part of the names of what is kept in Redis; the same for all processes that share limits.",
  ),
  redisTimeoutMs: Milliseconds.default(250).describe(
    "Longest a request waits for Redis, before the process goes by its own counts.",
  ),
};
