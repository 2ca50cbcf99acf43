/** `GET /livez`: the process answers. `GET /readyz`: it can take questions, and for which collections. Neither waits in a queue. */
import type { Context } from "hono";
import { createReadiness } from "../readiness.ts";
import type { Env, Service } from "../service.ts";

export function createLiveRoute() {
  return (c: Context<Env>): Response => c.json({ status: "live" });
}

export function createReadyRoute(service: Service) {
  const read = createReadiness(service);
  return async (c: Context<Env>): Promise<Response> => {
    const readiness = await read();
    // Whoever has shown no key learns whether, and not what.
    const visible = c.get("caller").collections;
    const body = {
      ...readiness,
      collections: readiness.collections.filter(({ name }) => visible?.has(name) ?? true),
      ...(service.access?.isStale === true ? { keys: "stale" } : {}),
      ...(service.sharedLimits === undefined
        ? {}
        : { limits: service.sharedLimits.isUp ? "shared" : "own" }),
    };
    return c.json(body, readiness.status === "ready" ? 200 : 503);
  };
}
