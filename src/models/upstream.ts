/** What went wrong at a model endpoint, as one of our own errors. Nothing an upstream says reaches `detail`. */
import type * as z from "zod";
import { AppError, type AppErrorOptions, type ErrorCode } from "../errors.ts";
import { parseRetryAfterMs } from "../async/retry-after.ts";

/** Names of the settings of an endpoint. */
export interface EndpointSettings {
  readonly url: string;
  readonly key: string;
  /** The one that names another endpoint for this model alone, where it has none yet. */
  readonly elsewhere?: string | undefined;
}

/** A model behind an endpoint, as people know it. */
export interface Upstream {
  /** `the chat model "gpt-4.1-mini"`. */
  readonly name: string;
  /** Names of the settings that decide it, for errors that say what to change. */
  readonly settings: EndpointSettings & { readonly model: string };
  /** Struck out of everything that is kept for the log. */
  readonly apiKey?: string | null;
}

/** A refusal as it came: an HTTP error, or an error object within a stream (then without status). */
export interface Refusal {
  readonly status?: number | undefined;
  readonly headers?: Headers | undefined;
  /** The error object's own. They may decide the code, they are never shown. */
  readonly code?: unknown;
  readonly type?: unknown;
  readonly param?: unknown;
  readonly message?: string;
}

const CAUSE_CHARS_MAX = 500;
const CERTIFICATE = /^(CERT|DEPTH_ZERO|ERR_TLS_CERT|SELF_SIGNED|UNABLE_TO)_/;
/** Nobody took the connection, or knew the name, in the time there is for it. */
const CONNECT_TIMEOUT = /^CONNECT_TIMEOUT$/;

const CONTENT_FILTER = /content.?filter|content.?policy|responsible.?ai|data.?inspection/;
/** In the words of OpenRouter, xAI and DashScope. */
const FILTERED_TEXT =
  /requires moderation|was flagged|violates? (our )?(usage|content) (guidelines|polic)|inappropriate content/;
const NO_CREDIT = /insufficient.?(quota|balance|credit)|billing|quota_exceeded/;
/** In the words of Anthropic and Together, which call it a bad request. */
const NO_CREDIT_TEXT = /credit balance is too low|insufficient (balance|credits?|funds)/i;
const TOO_LONG_CODE =
  /context.?length|context.?size|context.?window|string_above_max|tokens?_limit/;
const TOO_LONG_TEXT =
  /(context|input|prompt|maximum|token).{0,80}(length|window|size|limit|maximum)|too (long|many tokens)|less than \d+ tokens|tokens.{0,40} must be <=? ?\d+/;
/** The same where an endpoint calls it a failure of its own. */
const TOO_LONG_OUTAGE = /too large to process|exceeds the (available )?context/;
/** A field that llama-cpp-python does not know is a failure of its own to it. The SDK writes the status first. */
const NOT_VALID = /^(?:500 )?\d+ validation errors?\b/;
/** Groq's model wrote a call that is none; the next attempt may do better. */
const BAD_CALL = /tool_use_failed/;
const RATE_LIMIT = /rate.?limit|too.?many.?requests/;
const OUTAGE = /overload|unavailable|server.?error|internal|timeout|capacity/;

const STATUSES: Readonly<Record<number, ErrorCode>> = {
  408: "upstream_unavailable",
  409: "upstream_unavailable",
  413: "context_too_long",
  425: "upstream_unavailable",
  429: "upstream_rate_limited",
  501: "upstream_config",
};

/** A refusal as an AppError. `cause` is for the log. */
export function toRefusalError(refusal: Refusal, upstream: Upstream, cause?: unknown): AppError {
  const code = classify(refusal);
  const options: { -readonly [K in keyof AppErrorOptions]: AppErrorOptions[K] } = {
    detail: describe(code, refusal, upstream),
    cause: toLogCause(cause, upstream),
  };
  if (code === "upstream_rate_limited" || code === "upstream_unavailable") {
    const retryAfterMs = refusal.headers && parseRetryAfterMs(refusal.headers);
    if (retryAfterMs !== undefined) options.retryAfterMs = retryAfterMs;
  }
  return new AppError(code, options);
}

/** An answer that is not what the protocol says. `what` is ours: `sent HTML instead of JSON`. */
export function toBadResponse(what: string, upstream: Upstream, cause?: unknown): AppError {
  return new AppError("upstream_bad_response", {
    detail: `${upstream.name} ${what}`,
    cause: toLogCause(cause, upstream),
  });
}

/** A response as the schema has it. Throws AppError upstream_bad_response, which says that it is not `what`. */
export function parseResponse<T>(
  schema: z.ZodType<T>,
  response: unknown,
  what: string,
  upstream: Upstream,
): T {
  const parsed = schema.safeParse(response);
  if (parsed.success) return parsed.data;
  throw toBadResponse(`sent something that is not ${what}`, upstream, parsed.error);
}

/**
 * A connection that could not be made or broke before the answer. One whose certificate does not count is not tried
 * again; one that nobody took is a silence, which costs as much time as one behind it.
 */
export function toConnectionError(upstream: Upstream, thrown: unknown): AppError {
  const { name, settings } = upstream;
  const cause = toLogCause(thrown, upstream);
  if (hasCode(thrown, CERTIFICATE)) {
    const detail = `${name} shows a certificate that does not count here: check ${settings.url} and whether it has expired; NODE_EXTRA_CA_CERTS names the certificates of an authority of your own`;
    return new AppError("upstream_config", { detail, cause });
  }
  if (hasCode(thrown, CONNECT_TIMEOUT)) {
    const detail = `${name} did not take a connection in time: check ${settings.url} and that the endpoint is up`;
    return new AppError("upstream_stalled", { detail, cause });
  }
  return new AppError("upstream_unavailable", {
    detail: `${name} could not be reached, or the connection broke: check ${settings.url} and that the endpoint is up`,
    cause,
  });
}

/** Whether an error or one of its causes has such a code. */
function hasCode(thrown: unknown, codes: RegExp): boolean {
  for (let current = thrown; current instanceof Error; current = current.cause) {
    if ("code" in current && codes.test(String(current.code))) return true;
  }
  return false;
}

function classify({ status, code, type, message = "" }: Refusal): ErrorCode {
  const words = `${toWord(code)} ${toWord(type)}`.toLowerCase();
  if (CONTENT_FILTER.test(words)) return "content_filtered";
  if (NO_CREDIT.test(words)) return "upstream_config";
  if (TOO_LONG_CODE.test(words)) return "context_too_long";
  if (BAD_CALL.test(words)) return "upstream_bad_response";
  return status === undefined
    ? classifyInBand(code, words, message)
    : classifyStatus(status, message);
}

/** Whether a refusal is of what is in the request. */
export function isOfRequest(status: number | undefined, message: string): boolean {
  return status === 400 || status === 422 || (status === 500 && NOT_VALID.test(message));
}

function classifyStatus(status: number, message: string): ErrorCode {
  const isRequest = isOfRequest(status, message);
  const said = isRequest || status === 403 ? classifyText(message) : undefined;
  if (said !== undefined && (isRequest || said === "content_filtered")) return said;
  if (isRequest) return "upstream_config";
  const known = STATUSES[status];
  if (known !== undefined || status < 500) return known ?? "upstream_config";
  return TOO_LONG_OUTAGE.test(message) ? "context_too_long" : "upstream_unavailable";
}

/** What only the sentence says. */
function classifyText(message: string): ErrorCode | undefined {
  const text = message.toLowerCase();
  if (CONTENT_FILTER.test(text) || FILTERED_TEXT.test(text)) return "content_filtered";
  return TOO_LONG_TEXT.test(text) ? "context_too_long" : undefined;
}

/** Errors within a stream bear a name, an HTTP status as a number, or a sentence to go by. */
function classifyInBand(code: unknown, words: string, message: string): ErrorCode {
  const status = Number(toWord(code) || Number.NaN);
  if (status >= 400 && status <= 599) return classify({ status, message });
  if (RATE_LIMIT.test(words)) return "upstream_rate_limited";
  if (OUTAGE.test(words)) return "upstream_unavailable";
  return classifyText(message) ?? "upstream_bad_response";
}

const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  content_filtered: "refused the text: its content filter",
  context_too_long: "takes less text than it was sent",
  upstream_rate_limited: "is rate-limited: try again later",
  upstream_unavailable: "failed: try again later",
  upstream_bad_response: "reported that its answer failed",
};

function describe(code: ErrorCode, refusal: Refusal, upstream: Upstream): string {
  const { name, settings } = upstream;
  const { status } = refusal;
  const how = status === undefined ? "" : ` (HTTP ${status})`;
  const known = DETAILS[code];
  return `${name} ${known ?? describeConfig(refusal, settings)}${how}`;
}

/** What is wrong with the settings, with the ones to check. */
function describeConfig(
  { status, message = "" }: Refusal,
  { url, key, model, elsewhere }: Upstream["settings"],
): string {
  if (status === 402 || status === 429 || NO_CREDIT_TEXT.test(message)) {
    return `has no credit left: check the account of ${key}`;
  }
  if (status === 401 || status === 403) return `refused the key: check ${key}`;
  if (status === 404) {
    const other = elsewhere === undefined ? "" : `; ${elsewhere} names another for it alone`;
    return `is not offered at this address: check ${model} and ${url}${other}`;
  }
  return status !== undefined && status < 400
    ? `is behind a redirect, which is not followed: set ${url} to the final address`
    : `refused the request as such: check ${model} and ${url}`;
}

/** Error messages of an upstream, with its error's causes, cut and without the key: for the log only. */
function toLogCause(thrown: unknown, { apiKey }: Upstream): Error | undefined {
  if (thrown === undefined) return undefined;
  const parts: string[] = [];
  const names: string[] = [];
  let current: unknown = thrown;
  for (; current instanceof Error && parts.length < 4; current = current.cause) {
    const name = `${current.name}${toCauseCode(current)}`;
    names.push(name);
    parts.push(`${name}: ${current.message}`);
  }
  const text = parts.length === 0 ? typeof thrown : parts.join(" ← ");
  const struck = apiKey ? text.replaceAll(apiKey, "[key]") : text;
  const cause = new Error(
    struck.replace(/\b(sk|pk|gsk|hf)[-_][\w*-]{4,}/g, "[key]").slice(0, CAUSE_CHARS_MAX),
  );
  // Says what it was where the message, which may quote a text, is not shown.
  cause.name = names.length === 0 ? cause.name : names.join(" ← ");
  return cause;
}

/** Codes of the system (`ECONNREFUSED`) and of the client library; those of an upstream may be anything. */
function toCauseCode(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(code) ? ` ${code}` : "";
}

function toWord(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
