/** What every request passes: its id, the headers that close doors, and errors turned into problems. */
import type { Context, Next } from "hono";
import { LOCAL_CALLER } from "../../domain/caller.ts";
import { setRateHeaders } from "./access-guard.ts";
import { AppError, toAppError } from "../../errors.ts";
import { chooseErrorShape } from "../response/error-shapes.ts";
import { toProblem } from "../response/problem.ts";
import type { Env, Service } from "../service.ts";

const REQUEST_ID = /^[\w.-]{1,64}$/;
/** On every response that has none of its own. */
export const SAFETY_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
};

/** Gives the request an id, the caller's own when it is harmless, and every response its headers. */
export function createGuard({ gate }: Pick<Service, "gate">) {
  return async (c: Context<Env>, next: Next): Promise<void> => {
    const given = c.req.header("X-Request-Id");
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("caller", LOCAL_CALLER);
    await next();
    const { headers } = c.res;
    headers.set("X-Request-Id", requestId);
    for (const [name, value] of Object.entries(SAFETY_HEADERS)) {
      if (!headers.has(name)) headers.set(name, value); // a page has a policy of its own
    }
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
    const rate = c.get("rate");
    if (rate !== undefined) setRateHeaders(headers, rate);
    if (c.res.status === 401) headers.set("WWW-Authenticate", 'Bearer realm="tributary"');
    if (gate.draining) headers.set("Connection", "close");
  };
}

/** Whatever a route throws as a problem; what is our fault goes to the log with its cause. */
export function createErrorHandler({ log }: Pick<Service, "log">) {
  return (thrown: unknown, c: Context<Env>): Response => {
    const error = toAppError(thrown);
    const requestId = c.get("requestId");
    const problem = toProblem(error, requestId);
    if (problem.status === 500)
      log.error("request-failed", thrown, { requestId, code: error.code });
    else if (problem.status > 500) log.warn("request-refused", { requestId, code: error.code });
    // What is left of the body is not waited for.
    const headers = problem.status === 413 ? { Connection: "close" } : {};
    return chooseErrorShape(c.req.path)(problem, headers);
  };
}

/** For addresses that are not ours. */
export function refuseAddress(c: Context<Env>): Response {
  const error = new AppError("not_found", {
    detail:
      "there is nothing at this address; questions go to POST /v1/ask, or to POST /v1/chat/completions in OpenAI's format; collections are at GET /v1/collections",
  });
  // A line break in an id makes an address that no route takes; it is told in its format all the same.
  return chooseErrorShape(c.req.path)(toProblem(error, c.get("requestId")));
}

/** For our addresses under another method; the way out is what does the thing that someone may have wanted here. */
export function createMethodRefusal(allowed: string, wayOut?: string) {
  const takes = `this address takes ${allowed}`;
  const detail = wayOut === undefined ? takes : `${takes}; ${wayOut}`;
  return (c: Context<Env>): Response => {
    const error = new AppError("method_not_allowed", { detail });
    return chooseErrorShape(c.req.path)(toProblem(error, c.get("requestId")), { Allow: allowed });
  };
}
