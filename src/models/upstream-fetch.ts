/** `fetch` for model endpoints: sends nothing ambient, follows no redirect, and bounds what comes back. */
import type { AppError } from "../errors.ts";
import { type Upstream, toBadResponse, toRefusalError } from "./upstream.ts";

const BODY_BYTES_MAX = 16 * 2 ** 20;
const EVENT_BYTES_MAX = 2 ** 20;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** What a client library may send on; everything else it adds (telemetry, headers from the environment) is left out. */
const HEADERS_SENT = ["accept", "content-type"];

export type UpstreamFetch = (
  input: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

/**
 * Creates the fetch. Throws AppError upstream_config for a redirect (the body would be posted to a
 * place no one chose) and upstream_bad_response for a success in HTML; the body breaks off with
 * upstream_bad_response beyond 16 MiB, and beyond 1 MiB for one event of an event stream.
 */
export function createUpstreamFetch(upstream: Upstream): UpstreamFetch {
  return async (input, init = {}) => {
    const headers = toSentHeaders(new Headers(init.headers), upstream);
    // "manual" and a check, because not every runtime knows "error".
    const response = await fetch(input, { ...init, headers, redirect: "manual" });
    const type = response.headers.get("content-type") ?? "";
    const refusal = findRefusal(response, type, upstream);
    if (refusal !== undefined) {
      await response.body?.cancel();
      throw refusal;
    }
    const check = type.includes("text/event-stream") ? checkEvents() : checkSize();
    return withBodyCheck(response, check, upstream);
  };
}

function toSentHeaders(given: Headers, { apiKey }: Upstream): Headers {
  const headers = new Headers({ "user-agent": "tributary" });
  for (const name of HEADERS_SENT) {
    const value = given.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (apiKey) headers.set("authorization", `Bearer ${apiKey}`);
  return headers;
}

function findRefusal(response: Response, type: string, upstream: Upstream): AppError | undefined {
  const { status } = response;
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return toRefusalError({ status: status || 302 }, upstream);
  }
  return response.ok && type.includes("text/html")
    ? toBadResponse(`sent a web page: check ${upstream.settings.url}`, upstream)
    : undefined;
}

function withBodyCheck(response: Response, check: Check, upstream: Upstream): Response {
  if (response.body === null) return response;
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const tooLong = check(chunk);
      if (tooLong !== undefined) throw toBadResponse(tooLong, upstream);
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(guard), { status, statusText, headers });
}

type Check = (chunk: Uint8Array) => string | undefined;

function checkSize(): Check {
  let size = 0;
  return (chunk) => {
    size += chunk.length;
    return size > BODY_BYTES_MAX ? `sent more than ${BODY_BYTES_MAX} bytes` : undefined;
  };
}

/** Counts from blank line to blank line: that is what a parser of event streams holds in memory. */
function checkEvents(): Check {
  let eventBytes = 0;
  let lineBytes = 0;
  return (chunk) => {
    for (const byte of chunk) {
      eventBytes += 1;
      if (byte === LINE_FEED) {
        if (lineBytes === 0) eventBytes = 0;
        lineBytes = 0;
      } else if (byte !== CARRIAGE_RETURN) {
        lineBytes += 1;
      }
      if (eventBytes > EVENT_BYTES_MAX)
        return `sent one event of more than ${EVENT_BYTES_MAX} bytes`;
    }
    return undefined;
  };
}
