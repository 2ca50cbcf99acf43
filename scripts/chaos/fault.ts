/** Every fault the upstream can show: its name, where it applies, what number it takes, what it does. */

/** What a request asks for; `connection` is before there is a request. */
export const TARGETS = ["chat", "embeddings", "rerank", "models"] as const;
export type Target = (typeof TARGETS)[number];
export type FaultPlace = Target | "connection";

/** What stands behind `name=`: milliseconds may be a range, `50-200`. */
export type Takes = "nothing" | "ms" | "count" | "status" | "shape" | "count:word";

export interface FaultKind {
  readonly on: readonly FaultPlace[];
  readonly takes: Takes;
  /** When nothing stands behind the name. */
  readonly preset?: number;
  readonly meaning: string;
}

const LISTS: readonly Target[] = ["embeddings", "rerank"];
const CHAT: readonly Target[] = ["chat"];
const EMBEDDINGS: readonly Target[] = ["embeddings"];
const kind = (
  on: readonly FaultPlace[],
  takes: Takes,
  meaning: string,
  preset?: number,
): FaultKind => ({ on, takes, meaning, ...(preset === undefined ? {} : { preset }) });

export const FAULTS = {
  latency: kind(TARGETS, "ms", "waits this long before the response begins"),
  "delta-latency": kind(CHAT, "ms", "waits this long before each further delta"),
  split: kind(TARGETS, "count", "sends the body in pieces of so many bytes", 1),
  "stall-accept": kind(["connection"], "nothing", "takes the connection and reads nothing from it"),
  "reset-accept": kind(["connection"], "nothing", "resets the connection as soon as it is made"),
  "stall-headers": kind(TARGETS, "nothing", "reads the request and never answers"),
  "stall-body": kind(TARGETS, "nothing", "sends headers, half of a JSON body, and then nothing"),
  "stall-after": kind(
    TARGETS,
    "count",
    "falls silent after the n-th delta, or within a JSON body",
    1,
  ),
  "stall-finish": kind(CHAT, "nothing", "falls silent after the finish reason, the response open"),
  pings: kind(CHAT, "ms", "sends comments and nothing else, one in so many milliseconds", 20),
  "blank-deltas": kind(CHAT, "ms", "sends chunks without text and nothing else", 20),
  status: kind(TARGETS, "status", "refuses with this HTTP status", 503),
  "rate-limit": kind(TARGETS, "nothing", "429 that names no time"),
  "rate-limit-ms": kind(TARGETS, "ms", "429 with `retry-after-ms`", 100),
  "rate-limit-seconds": kind(TARGETS, "count", "429 with `Retry-After` in seconds", 1),
  "rate-limit-date": kind(
    TARGETS,
    "count",
    "429 with `Retry-After` as a date so many seconds on",
    2,
  ),
  quota: kind(TARGETS, "nothing", "429 `insufficient_quota`: waiting does not help"),
  "content-filter": kind(TARGETS, "nothing", "400 `content_filter`"),
  "context-too-long": kind(TARGETS, "nothing", "400 `context_length_exceeded`"),
  redirect: kind(TARGETS, "status", "redirects to an address that would answer", 307),
  reset: kind(TARGETS, "nothing", "resets the connection before the headers"),
  "reset-after": kind(
    TARGETS,
    "count",
    "resets the connection after the n-th delta, or within a JSON body",
    1,
  ),
  "eof-after": kind(
    TARGETS,
    "count",
    "ends cleanly after the n-th delta without a finish reason, or within a JSON body",
    1,
  ),
  "malformed-after": kind(
    TARGETS,
    "count",
    "sends an event that is not JSON after the n-th delta, or half a JSON body",
  ),
  html: kind(TARGETS, "nothing", "200 with a web page"),
  "endless-line": kind(TARGETS, "nothing", "sends one line that never ends"),
  "json-instead": kind(CHAT, "nothing", "a whole JSON answer where a stream was asked for"),
  "error-after": kind(
    CHAT,
    "count:word",
    "an error within the 200 stream after the n-th delta: `2:overloaded_error`",
  ),
  empty: kind(CHAT, "nothing", "a finish reason and not a word"),
  length: kind(CHAT, "nothing", "stops at the token limit"),
  "filter-after": kind(CHAT, "count", "stops for the content filter after the n-th delta", 1),
  "no-done": kind(CHAT, "nothing", "a complete stream without `[DONE]`"),
  shape: kind(CHAT, "shape", "one of the stream shapes below"),
  dimension: kind(EMBEDDINGS, "count", "vectors of this many components", 3),
  zeros: kind(EMBEDDINGS, "nothing", "vectors of zeros"),
  strings: kind(EMBEDDINGS, "nothing", "components as strings"),
  base64: kind(EMBEDDINGS, "nothing", "base64 although floats were asked for"),
  nan: kind(LISTS, "nothing", "`NaN` for a number, which is not JSON"),
  infinity: kind(LISTS, "nothing", "`1e999` for a number"),
  nulls: kind(LISTS, "nothing", "null for a number"),
  shuffled: kind(LISTS, "nothing", "rows out of order, with their right indexes"),
  missing: kind(LISTS, "nothing", "the last row is missing"),
  extra: kind(LISTS, "nothing", "a row too many"),
  duplicate: kind(LISTS, "nothing", "the first index twice"),
  "wrong-index": kind(LISTS, "nothing", "indexes that count from 1"),
  "no-index": kind(LISTS, "nothing", "rows without an index"),
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

/** A fault with its number. For a range of milliseconds `value` is the lower end. */
export interface Fault {
  readonly name: FaultName;
  /** As it was written. */
  readonly text: string;
  readonly value: number;
  readonly high: number;
  /** The name behind the number or instead of it. */
  readonly word: string;
}
