/** Who may pass: the key of a request, the scope its address needs, the rate of its key; without keys, only this machine. */
import type { Context, Next } from "hono";
import { type Access, NOBODY } from "../../access/access.ts";
import { WINDOW_MS } from "../../access/counts.ts";
import type { Rate } from "../../access/key-limits.ts";
import type { Log } from "../../telemetry/log.ts";
import type { Caller } from "../../domain/caller.ts";
import { AppError, toAppError } from "../../errors.ts";
import { type Meter, silentMeter } from "../../telemetry/meter.ts";
import { findRouteAccess } from "./route-scopes.ts";
import type { Env, Service } from "../service.ts";

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)$/;
/** What proxies say of whoever called them. */
const FORWARDED = ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];
/** Their standard's own words for it (RFC 7239): `for=192.0.2.60;proto=http;host="docs.example"`. No name has a comma: a quote that a caller left open hides nobody behind it. */
const FORWARDED_PAIR = /(?:^|[;,])\s*(?:for|host)\s*=([^;,]*)/gi;
const IPV4_AS_IPV6 = /^::ffff:/;

/** Whether only this machine reaches an address to listen on. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Lets a request pass with its caller, or throws AppError: unauthenticated, forbidden, rate_limited. */
export function createAccessGuard(deps: Pick<Service, "config" | "log" | "access" | "telemetry">) {
  const { config, log, access, telemetry } = deps;
  const isLocal = isLoopback(config.host) && config.auth !== "off";
  const checkKey =
    access === undefined ? undefined : createKeyCheck(access, log, telemetry?.meter ?? silentMeter);
  return async (c: Context<Env>, next: Next): Promise<void> => {
    const check = async (isFirst: boolean): Promise<void> => {
      if (checkKey !== undefined && access?.isOn === true) await checkKey(c, isFirst);
      else if (isLocal) checkNames(c.req.raw, config.corsOrigins);
    };
    await check(true);
    c.set("checkAgain", () => check(false));
    await next();
  };
}

/** Counts a request of a key, and tells how the key stands after it. Throws AppError rate_limited. */
export async function countRequest(
  access: Access,
  meter: Meter,
  caller: Caller,
  tell?: (rate: Rate) => void,
): Promise<void> {
  const rate = await access.limits.countRequest(caller.id);
  if (rate === undefined) return;
  tell?.(rate);
  if (!rate.isOver) return;
  const detail = `this key may send ${rate.limit} requests a minute`;
  refuse(meter, "rate", new AppError("rate_limited", { detail, retryAfterMs: rate.resetMs }));
}

function refuse(meter: Meter, reason: string, error: unknown): never {
  meter.count("tributary_keys_refused_total", { reason });
  throw error;
}

function createKeyCheck(access: Access, log: Log, meter: Meter) {
  const authenticate = async (c: Context<Env>): Promise<Caller> => {
    try {
      return await access.authenticate(readCredential(c.req.raw.headers));
    } catch (thrown) {
      const reason = String(toAppError(thrown).cause);
      log.info("key-refused", { requestId: c.get("requestId"), reason });
      return refuse(meter, reason, thrown);
    }
  };
  return async (c: Context<Env>, isFirst: boolean): Promise<void> => {
    const needed = findRouteAccess(c.req.method, c.req.path);
    if (needed === "open" || needed === "own") {
      c.set("caller", NOBODY);
      return;
    }
    const caller = await authenticate(c);
    c.set("caller", caller);
    if (isFirst) await countRequest(access, meter, caller, (rate) => c.set("rate", rate));
    if (needed !== undefined && !needed.some((scope) => caller.scopes.has(scope))) {
      const scopes = needed.map((scope) => `\`${scope}\``).join(" or ");
      const detail = `this address needs a key with ${scopes}`;
      refuse(meter, "scope", new AppError("forbidden", { detail }));
    }
  };
}

/** Two headers with different keys are none: nobody can tell which one is meant. */
function readCredential(headers: Headers): string | undefined {
  const authorization = headers.get("Authorization");
  const plain = headers.get("x-api-key") ?? undefined;
  if (authorization === null) return plain;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  return plain === undefined || plain === bearer ? bearer : undefined;
}

/** A page elsewhere must not reach a service that stands open on this machine by giving it another name. */
function checkNames(request: Request, origins: readonly string[]): void {
  const origin = request.headers.get("Origin");
  const host = `http://${request.headers.get("Host") ?? new URL(request.url).host}`;
  const isKnown = isLocalOrigin(host) && !isForOthers(request.headers);
  if (isKnown && (origin === null || origins.includes(origin) || isLocalOrigin(origin))) return;
  throw new AppError("forbidden", {
    detail:
      "without keys the service answers only to this machine's own name and its own pages, and to nobody elsewhere through a proxy; create keys, allow the page with CORS_ORIGINS, or set AUTH=off",
  });
}

/** A proxy on this machine calls it by its own name, for whoever calls the proxy; many say for whom. */
function isForOthers(headers: Headers): boolean {
  const pairs = headers.get("Forwarded")?.matchAll(FORWARDED_PAIR) ?? [];
  return [
    ...FORWARDED.flatMap((name) => headers.get(name)?.split(",") ?? []),
    ...Array.from(pairs, ([, value = ""]) => value.replaceAll('"', "")),
  ]
    .map((one) => one.trim().replace(IPV4_AS_IPV6, ""))
    .some((one) => !isLoopback(one) && !isLocalOrigin(`http://${one}`));
}

/** Of an origin, or of an address. */
function isLocalOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}

/** How the key stands, as the drafted standard says it (draft-ietf-httpapi-ratelimit-headers, version 10). */
export function setRateHeaders(headers: Headers, { limit, remaining, resetMs }: Rate): void {
  headers.set("RateLimit-Policy", `"minute";q=${limit};w=${WINDOW_MS.minute / 1_000}`);
  headers.set("RateLimit", `"minute";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`);
}
