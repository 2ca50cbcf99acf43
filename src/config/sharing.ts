/** The settings of what several processes have in common: a store on object storage, limits that are counted in one Redis. */
import * as z from "zod";
import { Milliseconds } from "./kinds.ts";
import { Pairs } from "./pairs.ts";

const RedisUrl = z.url({ protocol: /^rediss?$/, error: "must be a redis(s) URL" });
const Prefix = z
  .string()
  .trim()
  .regex(/^[\w:.-]{1,64}$/, { error: "must be 1 to 64 letters, digits or : . _ -" });

export const SHARING_SETTINGS = {
  storeOptions: Pairs.optional().describe(
    "Options of the object storage, as in endpoint=http://127.0.0.1:9000,region=eu-central-1; may hold its secret. Those of the environment (AWS_ACCESS_KEY_ID and others) count too.",
  ),
  storeLeaseMs: Milliseconds.min(1_000)
    .default(60_000)
    .describe(
      "How long a writer on object storage that shows no sign of life still keeps others from writing its collection; the clocks of the machines may differ by a quarter of it.",
    ),
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
