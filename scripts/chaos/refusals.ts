/** Faults that take the place of any answer: refusals, redirects, web pages, silence, broken connections. */
import type { Fault, FaultName } from "./fault.ts";
import { REDIRECTED } from "./exchange.ts";
import { body, hang, html, refusal, type Reply, reset } from "./reply.ts";

/** The reply of a fault that is the same for every kind of request; undefined when the fault shapes an answer. */
export function toRefusal(fault: Fault): Reply | undefined {
  return REFUSALS[fault.name]?.(fault.value);
}

type ToReply = (value: number) => Reply;

const REFUSALS: Readonly<Partial<Record<FaultName, ToReply>>> = {
  "stall-headers": () => hang,
  reset: () => reset,
  html: () => html,
  status: (status) =>
    refusal(status, { type: status >= 500 ? "server_error" : "invalid_request_error" }),
  redirect: (status) => (response, request) =>
    body("", { status, headers: { location: `${request.path}?${REDIRECTED}` } })(response, request),
  quota: () => refusal(429, { type: "insufficient_quota", code: "insufficient_quota" }),
  "content-filter": () => refusal(400, { code: "content_filter" }),
  "context-too-long": () => refusal(400, { code: "context_length_exceeded", param: "messages" }),
  "rate-limit": () => rateLimit({}),
  "rate-limit-ms": (ms) => rateLimit({ "retry-after-ms": String(ms) }),
  "rate-limit-seconds": (seconds) => rateLimit({ "retry-after": String(seconds) }),
  "rate-limit-date": (seconds) => (response, request) => {
    const now = new Date();
    const until = new Date(now.getTime() + seconds * 1000);
    const headers = { "retry-after": until.toUTCString(), date: now.toUTCString() };
    return rateLimit(headers)(response, request);
  },
};

function rateLimit(headers: Readonly<Record<string, string>>): Reply {
  return refusal(429, { type: "requests", code: "rate_limit_exceeded" }, headers);
}
