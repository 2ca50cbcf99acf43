/** Faults of the model before its first word: another attempt where that can help, quoted sentences where it cannot. */
import { SHORT_CHAT } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";
import { toward } from "./toward.ts";

const RETRY = "test/models/with-retry.test.ts";
const CHAT = "test/models/openai-chat.test.ts";
const CLIENT = "test/models/openai-client.test.ts";
const FITTING = "test/agent/generate-fitting.test.ts";
const quoted = { answerer: "extractive", degraded: ["extractive"] };
const { on, mended, lasting } = toward("chat", quoted);

/** Silent in whatever way: left, asked again, at last quoted. */
const silent = (fault: string, fast: string): readonly Cell[] => [
  mended(fault, fast, { env: SHORT_CHAT, requests: { chat: [2, 3], left: [1, 2] } }),
  // A silence is waited for once more and not twice.
  lasting(fault, 2, fast, { env: SHORT_CHAT, requests: { chat: 2, left: 2 } }),
];
const trimmed: Partial<Cell> = { sees: { degraded: ["context_trimmed"] } };
/** Of its few passages the best alone are half of the text. */
const tooLong: Partial<Cell> = {
  sees: { answerer: "extractive", degraded: ["context_trimmed", "extractive"] },
};

const cells: readonly Cell[] = [
  {
    name: "slow, but inside its budget",
    upstream: on("latency=60"),
    sees: {},
    requests: {},
    fast: `${CHAT} > streams text, then usage, then the finish`,
  },
  ...silent("latency=9000", `${RETRY} > never answers`),
  ...silent("stall-headers", `${RETRY} > never answers`),
  ...silent("stall-body", `${RETRY} > sends only chunks without text`),
  ...silent("pings=20", `${RETRY} > sends only comments`),
  ...silent("blank-deltas=20", `${RETRY} > sends only chunks without text`),
  mended("rate-limit", `${RETRY} > a rate limit that lasts`),
  mended("rate-limit-ms=60", `${RETRY} > waits as long as it was asked to`),
  mended("rate-limit-seconds=1", `${RETRY} > waits as long as it was asked to`),
  mended("rate-limit-date=1", `${RETRY} > waits as long as it was asked to`),
  lasting("rate-limit", 3, `${RETRY} > a rate limit that lasts`),
  lasting(
    "rate-limit-seconds=120",
    1,
    `${RETRY} > does not wait for what lies beyond the deadline`,
  ),
  lasting("rate-limit-date=120", 1, `${RETRY} > does not wait for what lies beyond the deadline`),
  lasting("quota", 1, `${CLIENT} > 429 without quota`),
  lasting("status=401", 1, `${CLIENT} > 401`),
  lasting("status=403", 1, `${CLIENT} > 403`),
  lasting("status=404", 1, `${CHAT} > a model that is not there`),
  ...["500", "502", "504", "529", "408"].map((status) =>
    mended(`status=${status}`, `${RETRY} > an outage`),
  ),
  lasting("status=503", 3, `${CLIENT} > 500`),
  mended("reset", `${CHAT} > a reset before anything`),
  lasting("reset", 3, `${CHAT} > a reset before anything`),
  mended("reset-after=0", `${CHAT} > a reset before anything`),
  mended("eof-after=0", `${RETRY} > a stream that broke off before any text`),
  lasting("eof-after=0", 3, `${CHAT} > nothing at all`),
  mended("malformed-after=0", `${CHAT} > an event that is not JSON`),
  lasting("malformed-after=0", 2, `${CHAT} > an event that is not JSON`, {
    requests: { chat: 2, left: [0, 2] },
  }),
  mended("html", `${CHAT} > a web page`),
  lasting("html", 2, `${CHAT} > a web page`),
  lasting("endless-line", 2, `${CHAT} > an event beyond its limit, %s`, {
    requests: { chat: 2, left: 2 },
  }),
  lasting("json-instead", 2, `${CHAT} > no stream but a whole answer`, {
    requests: { chat: 2, left: [0, 2] },
  }),
  mended("error-after=0:overloaded_error", `${RETRY} > an error before any text`),
  lasting("error-after=0:overloaded_error", 3, `${CHAT} > an outage within, by name`),
  lasting("error-after=0:rate_limit_exceeded", 3, `${CHAT} > a rate limit within`),
  lasting("error-after=0:context_length_exceeded", 2, `${CHAT} > a context length within`, tooLong),
  lasting("error-after=0", 2, `${CHAT} > an error without a name within`),
  mended("empty", `${RETRY} > a stop without a word`),
  lasting("empty", 2, `${CHAT} > a stop without a word`),
  lasting("redirect=307", 1, `${CLIENT} > a redirect`),
  lasting("redirect=308", 1, `${CLIENT} > follows no redirect`),
  {
    name: "the content filter refuses the question",
    upstream: on("content-filter"),
    sees: { failed: "content_filtered" },
    requests: {},
    fast: `${CHAT} > a content filter before`,
  },
  {
    name: "the content filter refuses within the stream",
    upstream: on("error-after=0:content_filter"),
    sees: { failed: "content_filtered" },
    requests: {},
    fast: `${CHAT} > a content filter within`,
  },
  mended("context-too-long", `${FITTING} > with the better half`, trimmed),
  lasting("context-too-long", 2, `${FITTING} > with fewer until one is left`, tooLong),
  {
    name: "the token limit",
    upstream: on("length"),
    sees: { truncated: true },
    requests: {},
    fast: `${CHAT} > the token limit`,
  },
  {
    name: "no [DONE], which harms nothing",
    upstream: on("no-done"),
    sees: {},
    requests: {},
    fast: `${CHAT} > no [DONE]`,
  },
  {
    name: "split into single bytes, which harms nothing",
    upstream: on("split=1"),
    sees: {},
    requests: {},
    fast: `${CHAT} > keeps text together that is cut within a character`,
  },
  {
    name: "silence after the finish reason, which harms nothing",
    upstream: on("stall-finish"),
    env: { DELTA_GAP_TIMEOUT_MS: "250", USAGE_WAIT_MS: "100" },
    sees: {},
    requests: { left: 1 },
    fast: `${RETRY} > takes a silence behind the finish reason for the end`,
  },
  {
    name: "the run's own deadline passes while it waits",
    upstream: on("stall-headers"),
    // Long enough for a busy machine to come to the model.
    ask: { body: { deadlineMs: 3_000 } },
    // Nothing was shown: what is left of the time is enough to quote.
    sees: { answerer: "extractive", degraded: ["extractive"] },
    requests: { left: 1 },
    fast: "test/agent/leave-time.test.ts > silent model is left a moment before",
  },
];

checkCells(cells);
