/** What a request says of its run beside the body: who asks, how long there is, who listens. */
import type { Context } from "hono";
import type { Ask } from "../../domain/ask.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunRequest } from "../admission/run-sharing.ts";
import type { AskContext } from "./schemas.ts";
import type { Env, Runner } from "../service.ts";

/** What its question is parsed with. */
export function toAskContext(c: Context<Env>): AskContext {
  return { caller: c.get("caller"), timeoutMs: c.req.header("X-Request-Timeout-Ms") };
}

/** The run of its question, for as long as its client is there, or as its options want it. */
export function toRunRequest(
  c: Context<Env>,
  ask: Ask,
  run: Runner,
  { isKept, key }: Partial<RunOptions> = {},
): RunRequest {
  return { ask, run, client: c.req.raw.signal, requestId: c.get("requestId"), isKept, key };
}
