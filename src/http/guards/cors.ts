/** Pages of other origins that may call the service: those of a list, and nobody else. */
import type { Context, Next } from "hono";
import type { Env } from "../service.ts";

const METHODS = "GET, POST, PUT, DELETE";
/** What our own clients send. */
const REQUEST_HEADERS =
  "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Mcp-Protocol-Version, Prefer, X-Api-Key, X-Request-Id, X-Request-Timeout-Ms";
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/u;
const HEADER_NAMES_CHARS_MAX = 4_096;
const RESPONSE_HEADERS =
  "ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Retry-After-Ms, Server-Timing, X-Cache, X-Degraded, X-Error-Code, X-Request-Id, X-Run-Id, X-Should-Retry";
const PREFLIGHT_SECONDS = "600";

/** Answers a browser's question before a call (which carries no key), and lets the page read the response. */
export function createCors(origins: readonly string[]) {
  return async (c: Context<Env>, next: Next): Promise<Response | undefined> => {
    if (origins.length === 0) {
      await next();
      return undefined;
    }
    const origin = c.req.header("Origin");
    const isAllowed = origin !== undefined && origins.includes(origin);
    if (isAllowed && c.req.method === "OPTIONS") {
      return new Response(null, {
        status: 204,
        headers: {
          "Access-Control-Allow-Origin": origin,
          "Access-Control-Allow-Methods": METHODS,
          "Access-Control-Allow-Headers": listHeaders(
            c.req.header("Access-Control-Request-Headers"),
          ),
          "Access-Control-Max-Age": PREFLIGHT_SECONDS,
          Vary: "Origin, Access-Control-Request-Headers",
        },
      });
    }
    await next();
    c.res.headers.append("Vary", "Origin");
    if (!isAllowed) return undefined;
    c.res.headers.set("Access-Control-Allow-Origin", origin);
    c.res.headers.set("Access-Control-Expose-Headers", RESPONSE_HEADERS);
    return undefined;
  };
}

/** SDKs send headers of their own: a page of the list may send any. */
function listHeaders(asked: string | undefined): string {
  const isList =
    asked !== undefined &&
    asked.length <= HEADER_NAMES_CHARS_MAX &&
    HEADER_NAMES.test(asked.trim());
  return isList ? asked : REQUEST_HEADERS;
}
