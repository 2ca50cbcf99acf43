/** What an endpoint says when it refuses, found wherever in the body it stands: each provider has a place of its own. */
import type { Refusal } from "./upstream.ts";

/** An error object as OpenAI words it. */
export type RefusalWords = Pick<Refusal, "code" | "type" | "param"> & {
  readonly message: string;
  /** How long Gemini asks to wait: it says so in the body alone. */
  readonly retryAfterMs?: number;
};

/** Refusals of so many texts at once: DashScope, text-embeddings-inference, Gemini, SiliconFlow. */
const TOO_MANY_TEXTS =
  /batch.?size is invalid|maximum.{0,20}batch.?size|in one batch|too many (inputs|texts)/i;

const MESSAGE_CHARS_MAX = 4_000;
const DEPTH_MAX = 3;

type Fields = Readonly<Record<string, unknown>>;

/** Reads the body of a refusal, JSON or not. */
export function readRefusalBody(text: string): RefusalWords {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return readRefusalValue(value, text);
}

/**
 * Reads an error: OpenAI's object below `error` (below a list in Gemini's form), a string in its place
 * (TGI, LM Studio, xAI), an object at the top (vLLM, SGLang, Mistral, Cohere), `errors` (Workers AI) or
 * `detail` (FastAPI). `whole` is its message where none of these has one.
 */
export function readRefusalValue(
  value: unknown,
  whole: string = JSON.stringify(value),
): RefusalWords {
  const top = toFields(firstOf(value));
  const inner = firstOf(top["error"] ?? top["errors"]);
  const at = { ...top, ...toFields(inner) };
  const message = toMessage(inner ?? value, 0) || toMessage(top, 0) || whole;
  return {
    message: message.slice(0, MESSAGE_CHARS_MAX),
    code: at["code"],
    type: at["type"] ?? at["error_type"] ?? at["status"],
    param: at["param"],
    ...readRetryDelay(at["details"]),
  };
}

/** Whether a sentence refuses the number of texts, each of which may be fine. */
export function refusesBatch(message: string): boolean {
  return TOO_MANY_TEXTS.test(message);
}

/** google.rpc.RetryInfo among the details: `"retryDelay": "34.07s"`. */
function readRetryDelay(details: unknown): Pick<RefusalWords, "retryAfterMs"> {
  for (const one of Array.isArray(details) ? details : []) {
    const { retryDelay } = toFields(one);
    const seconds = typeof retryDelay === "string" ? /^(\d{1,9}(\.\d+)?)s$/.exec(retryDelay) : null;
    if (seconds !== null) return { retryAfterMs: Math.ceil(Number(seconds[1]) * 1000) };
  }
  return {};
}

/** Whether an event within a stream is an error and no chunk. */
export function isRefusal(value: unknown): boolean {
  const { error, choices, object, detail, message } = toFields(value);
  if (error !== undefined && error !== null) return true;
  return choices === undefined && (object === "error" || (detail ?? message) !== undefined);
}

/** The sentence in it; empty where it has none. What quotes the request back (FastAPI's `input`) is left out. */
function toMessage(value: unknown, depth: number): string {
  if (typeof value === "string") return value;
  if (depth > DEPTH_MAX) return "";
  if (Array.isArray(value)) {
    const each = value.map((one) => toMessage(one, depth + 1));
    return each.filter((one) => one !== "").join("; ");
  }
  const { message, detail, msg, loc, metadata } = toFields(value);
  const said = [toMessage(message ?? detail ?? msg ?? "", depth + 1)];
  if (Array.isArray(loc)) said.unshift(`${loc.join(".")}:`);
  // OpenRouter: `Provider returned error`, and below it what that provider said.
  const { raw } = toFields(metadata);
  if (typeof raw === "string") said.push(readRefusalBody(raw).message);
  return said.join(" ").trim();
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

function toFields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
