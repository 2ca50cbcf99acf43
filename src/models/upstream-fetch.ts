/** `fetch` for model endpoints: sends nothing ambient, follows no redirect, and bounds what comes back. */
import { withoutReason } from "../async/without-reason.ts";
import type { AppError } from "../errors.ts";
import { toTraceparent } from "../telemetry/trace-context.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import { readBytes } from "../text/read-bytes.ts";
import { readRefusalBody, type RefusalWords } from "./refusal-body.ts";
import { type Upstream, toBadResponse, toRefusalError } from "./upstream.ts";

const BODY_BYTES_MAX = 16 * 2 ** 20;

/** What a client library may send on; everything else it adds (telemetry, headers from the environment) is left out. */
const HEADERS_SENT = ["accept", "content-type"];

/** What LiteLLM's proxy puts before the names of headers that the model behind it sent. */
const RELAYED = "llm_provider-";
const DELAYS = ["retry-after-ms", "retry-after"];

export type UpstreamFetch = (
  input: string | URL | Request,
  init?: RequestInit,
) => Promise<Response>;

/** How an endpoint is reached. */
export interface EndpointLine {
  /** Whose place in a trace is told to the endpoint. */
  readonly tracer?: Tracer;
  /** What carries a request there; the runtime's own `fetch` where nothing else is given. */
  readonly send?: UpstreamFetch;
  /** What its operator wants told to it; such a header goes before ours, Authorization too. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Creates the fetch. Throws AppError upstream_config for a redirect (the body would be posted to a
 * place no one chose) and upstream_bad_response for a success in HTML or beyond 16 MiB. A refusal comes
 * worded as OpenAI words it, whoever it is from. Inside a trace the upstream is told its place in it.
 */
export function createUpstreamFetch(
  upstream: Upstream,
  { tracer = noTracer, send = fetch, headers: own = {} }: EndpointLine,
): UpstreamFetch {
  return async (input, init = {}) => {
    const headers = toSentHeaders(new Headers(init.headers), upstream);
    for (const [name, value] of Object.entries(own)) headers.set(name, value);
    const traceparent = toTraceparent(tracer.current());
    if (traceparent !== undefined) headers.set("traceparent", traceparent);
    // "manual" and a check, because not every runtime knows "error".
    const response = await send(input, {
      ...init,
      headers,
      redirect: "manual",
      ...(init.signal ? { signal: withoutReason(init.signal) } : {}),
    });
    const type = response.headers.get("content-type") ?? "";
    const refusal = findRefusal(response, type, upstream);
    if (refusal !== undefined) {
      await response.body?.cancel();
      throw refusal;
    }
    if (response.ok && type.includes("text/event-stream")) return response; // bounded by its reader, event by event
    if (!response.ok) return toWorded(await readWhole(response, upstream));
    return type.includes("json")
      ? readWhole(response, upstream)
      : withSizeCheck(response, upstream);
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

/** What does not say what it is may be a stream all the same, so it is passed on as it comes. */
function withSizeCheck(response: Response, upstream: Upstream): Response {
  if (response.body === null) return response;
  let size = 0;
  const guard = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      size += part.length;
      if (size > BODY_BYTES_MAX) throw toTooLong(upstream);
      controller.enqueue(part);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(guard), { status, statusText, headers });
}

function toTooLong(upstream: Upstream): AppError {
  return toBadResponse(`sent more than ${BODY_BYTES_MAX} bytes`, upstream);
}

/** Read at once, because whoever asked for it needs it whole. */
async function readWhole(response: Response, upstream: Upstream): Promise<Response> {
  if (response.body === null) return response;
  const bytes = await readBytes(response.body, BODY_BYTES_MAX, () => toTooLong(upstream));
  const { status, statusText, headers } = response;
  return new Response(bytes, { status, statusText, headers });
}

/** A refusal in the one form that is read from here on. */
async function toWorded(response: Response): Promise<Response> {
  const { status, statusText, headers: given } = response;
  const headers = new Headers(given);
  headers.set("content-type", "application/json");
  const { retryAfterMs, ...error } = readRefusalBody(await response.text());
  if (!DELAYS.some((name) => given.has(name))) {
    for (const name of DELAYS) {
      const relayed = given.get(`${RELAYED}${name}`);
      if (relayed !== null) headers.set(name, relayed);
    }
    if (retryAfterMs !== undefined) headers.set("retry-after-ms", String(retryAfterMs));
  }
  return new Response(JSON.stringify({ error }), { status, statusText, headers });
}

/** What a refusal of this fetch says. */
export async function readWords(response: Response): Promise<RefusalWords> {
  const { error } = (await response.json()) as { readonly error: RefusalWords };
  return error;
}
