/** A limit of requests that is counted elsewhere than in this process: where it stands, behind the keys and before the routes. */
import type { Context, Next } from "hono";
import type { Caller } from "../../domain/caller.ts";
import { findRouteAccess } from "./route-scopes.ts";
import type { Env } from "../service.ts";

/** Counts a request of this caller. Throws AppError rate_limited, with the time to wait, when it is one too many. */
export type RequestLimit = (request: Request, caller: Caller) => Promise<void>;

/** Counts what needs a key where keys are asked for: health and the pages are always there, and pushes have their own secret. */
export function createRequestLimitGuard(limit: RequestLimit) {
  return async (c: Context<Env>, next: Next): Promise<void> => {
    const access = findRouteAccess(c.req.method, c.req.path);
    if (access !== "open" && access !== "own") await limit(c.req.raw, c.get("caller"));
    await next();
  };
}
