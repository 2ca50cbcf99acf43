/**
 * The fault matrix, row by row: what must be seen, and which tests see it over sockets and in the fast suite.
 * A row with `after` names what is not built yet; whoever builds it adds the cell and the reference here.
 *
 * To add a cell: one more `Cell` in the file of its stage (`embedding`, `first-delta`, `after-text`, `rerank`,
 * `shapes`, `tools`): the upstream's rules, what the client sees, how often the upstream is asked, and the fast test of
 * the same fault. `cell.ts` does the rest. A fault the upstream cannot show yet is a line in
 * `scripts/chaos/fault.ts`, a few where it is made, and its row in the guide.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Row {
  readonly fault: string;
  readonly seen: string;
  /** `file > part of its text`: the tests that see it. */
  readonly tests: readonly string[];
  /** What of it is still to come, and with what. */
  readonly after?: readonly string[];
}

const E = "test/chaos/embedding.test.ts";
const L0 = "test/chaos/first-delta.test.ts";
const L1 = "test/chaos/after-text.test.ts";
const R = "test/chaos/rerank.test.ts";
const I = "test/chaos/ingest.test.ts";
const S = "test/chaos/store.test.ts";
const C = "test/chaos/client.test.ts";
const SHAPES = "test/chaos/shapes.test.ts";
const ANY = "test/chaos/any-fault.test.ts";
const P = "test/chaos/policy.test.ts";
const F = "test/chaos/fallback.test.ts";
const T = "test/chaos/tools.test.ts";
const G = "test/chaos/gate.test.ts";
const O = "test/chaos/own-tools.test.ts";
const RESEARCH = "test/chaos/research.test.ts";
const FAIR = "test/chaos/fairness.test.ts";
const GATE = "test/http/admission/run-gate.test.ts";
const MAIN = "test/node/main.test.ts";
const COMMANDS = "test/ingest/commands/commands.test.ts";

const UPSTREAM: readonly Row[] = [
  {
    fault: "slow but inside its budget",
    seen: "an answer, nothing degraded",
    tests: [
      `${E} > slow, but inside`,
      `${L0} > slow, but inside`,
      `${R} > slow, but inside`,
      `${P} > overtaken by a second one`,
    ],
  },
  {
    fault: "slow past its budget, no headers, headers and then nothing, only pings",
    seen: "left and asked again; then keywords alone, quoted sentences, the fused order; after text upstream_stalled",
    tests: [
      `${E} > silent("latency=9000"`,
      `${E} > silent("stall-headers"`,
      `${E} > silent("stall-body"`,
      `${E} > nothing is read from it`,
      `${L0} > silent("stall-headers"`,
      `${L0} > silent("pings=20"`,
      `${L0} > silent("blank-deltas=20"`,
      `${L1} > lost("stall-after=3"`,
      `${L1} > ["pings=20", "blank-deltas=20"].map(`,
      `${R} > skipped("stall-headers"`,
      `${F} > a silence is waited for once`,
      `${I} > fault: "stall-headers"`,
      `${I} > fault: "stall-body"`,
    ],
  },
  {
    fault: "429 with a time that fits",
    seen: "waited for, no loss",
    tests: [
      `${E} > mended("rate-limit-ms=60"`,
      `${E} > mended("rate-limit-seconds=1"`,
      `${I} > a rate limit that names its time, once`,
      `${E} > mended("rate-limit-date=1"`,
      `${L0} > mended("rate-limit-date=1"`,
    ],
  },
  {
    fault: "429 with a time that does not fit",
    seen: "one attempt, degraded at once, never asked again early",
    tests: [
      `${E} > lasting("rate-limit-seconds=120"`,
      `${L0} > lasting("rate-limit-date=120"`,
      `${R} > skipped("rate-limit-seconds=120"`,
    ],
  },
  {
    fault: "429 without a time",
    seen: "at most three attempts",
    tests: [
      `${E} > lasting("rate-limit", 3`,
      `${L0} > lasting("rate-limit", 3`,
      `${P} > retries are paid for`,
      `${P} > each upstream pays`,
    ],
  },
  {
    fault: "no quota, a wrong key, no such model",
    seen: "one attempt, degraded, no word of the provider",
    tests: [
      `${E} > lasting("quota", 1`,
      `${L0} > lasting("status=401", 1`,
      `${R} > skipped("quota"`,
      `${I} > a wrong key`,
      `${P} > { on: "chat", fault: "status=401", attempts: 1`,
      `${F} > which no second attempt mends`,
    ],
  },
  {
    fault: "5xx",
    seen: "asked again, then degraded",
    tests: [
      `${E} > lasting("status=503", 3`,
      `${L0} > lasting("status=503", 3`,
      `${R} > skipped("status=503"`,
      `${I} > an outage, once`,
      `${P} > one probe closes it`,
      `${P} > a failed probe keeps`,
      `${F} > three attempts over all models`,
    ],
  },
  {
    fault: "connections refused or reset before a byte, no TLS",
    seen: "as 5xx",
    tests: [
      `${ANY} > where nobody listens`,
      `${ANY} > that speaks no TLS`,
      `${E} > lasting("reset", 3`,
      `${E} > reset as soon as it is made`,
      `${L0} > lasting("reset", 3`,
    ],
  },
  {
    fault: "a reset within the answer",
    seen: "before text asked again; after it upstream_truncated, what was shown stands",
    tests: [
      `${E} > mended("reset-after=0"`,
      `${L0} > mended("reset-after=0"`,
      `${L1} > lost("reset-after=3"`,
      `${F} > after text: what was shown is not replaced`,
      `${I} > fault: "reset-after=0"`,
    ],
  },
  {
    fault: "a clean end without a finish reason",
    seen: "before text asked again; after it upstream_truncated, never finished",
    tests: [
      `${L0} > lasting("eof-after=0", 3`,
      `${L1} > lost("eof-after=3"`,
      `${SHAPES} > no-finish`,
    ],
  },
  {
    fault: "malformed JSON, web pages, whole answers where a stream was asked for",
    seen: "one more attempt, then degraded; after text upstream_bad_response",
    tests: [
      `${E} > lasting("malformed-after=0", 2`,
      `${E} > lasting("html", 2`,
      `${L0} > lasting("json-instead", 2`,
      `${L1} > lost("malformed-after=3"`,
      `${R} > skipped("html"`,
      `${I} > fault: "html"`,
    ],
  },
  {
    fault: "an endless line or body",
    seen: "cut at its limit, as malformed",
    tests: [
      `${E} > lasting("endless-line", 2`,
      `${L0} > lasting("endless-line", 2`,
      `${L1} > lost("stall-after=3, endless-line"`,
      `${R} > skipped("endless-line"`,
      `${I} > fault: "endless-line"`,
    ],
  },
  {
    fault: "an error within the 200 stream",
    seen: "by its code, as the status of that code",
    tests: [
      `${L0} > error-after=0:overloaded_error`,
      `${L1} > error-after=3:rate_limit_exceeded`,
      `${F} > within a 200 stream before its text`,
    ],
  },
  {
    fault: "no word at all",
    seen: "one more attempt, then quoted sentences",
    tests: [`${L0} > lasting("empty", 2`],
  },
  { fault: "the token limit", seen: "finished and truncated", tests: [`${L0} > the token limit`] },
  {
    fault: "a content filter",
    seen: "content_filtered, no attempt around it",
    tests: [
      `${L0} > the content filter refuses the question`,
      `${L1} > lost("filter-after=3"`,
      `${F} > nobody is asked around it`,
    ],
  },
  {
    fault: "a silence behind the finish reason",
    seen: "finished; the connection is closed",
    tests: [`${L0} > silence after the finish reason`],
  },
  {
    fault: "tool calls in every shape, cut arguments, huge indexes",
    seen: "without tools on offer no answer; with tools a cut call is never executed, a wrong one goes back to the model, and the answer comes",
    tests: [
      `${SHAPES} > wordless`,
      `${T} > strangers`,
      `${T} > the embedding of what a tool searches for hangs`,
      `${T} > the reranking of what a tool has found fails`,
      `${T} > a tool that tells more than it may`,
      `${T} > once("tool-search-nowhere"`,
      `${T} > once("tool-search-cut"`,
      `${T} > once("tool-search-eof"`,
      `${T} > the same call for ever`,
      `${T} > as long as it gathers`,
    ],
  },
  {
    fault: "a tool of one's own throws, hangs, gives 50 MB or nonsense",
    seen: "the model is told, bounded; the calls beside it go on; a mistake of its author ends the run",
    tests: [
      `${O} > a tool that cannot do it`,
      `${O} > a tool that throws`,
      `${O} > a tool that hangs whatever it is told`,
      `${O} > a tool that fails after its time`,
      `${O} > 50 MB of text`,
      `${O} > an object that throws when it is looked at`,
      `${O} > while a tool works`,
    ],
  },
  {
    fault: "a sub-agent fails, hangs or is cancelled",
    seen: "its part is missing and said so, the others' results are used, nothing of it runs on",
    tests: [
      `${RESEARCH} > costs only its part`,
      `${RESEARCH} > all sub-agents fail`,
      `${RESEARCH} > a tool that hangs in every sub-agent`,
      `${RESEARCH} > a tool that throws ends the run`,
      `${RESEARCH} > a run that is cancelled cancels its sub-agents`,
      `${RESEARCH} > a client that leaves midway`,
      "test/agent/research.test.ts > a sub-agent that fails costs only its own part",
    ],
  },
  {
    fault: "vectors of a wrong length, NaN, infinity, zeros, nulls, base64",
    seen: "keywords alone; ingest writes nothing; never padded or cut",
    tests: [
      `${E} > lasting("dimension=3", 1`,
      `${E} > lasting("nan", 2`,
      `${E} > lasting("base64", 1`,
      `${I} > vectors of another length are refused`,
      `${I} > zeros`,
      `${I} > name: "NaN"`,
      `${I} > fault: "base64"`,
      `${I} > fault: "infinity"`,
      `${I} > fault: "nulls"`,
    ],
  },
  {
    fault: "rows shuffled, missing, too many, with wrong indexes",
    seen: "put in order by index; anything missing is asked again as a whole",
    tests: [
      `${I} > rows out of order`,
      `${I} > a row is missing, every time`,
      `${I} > name: "an index twice"`,
      `${E} > lasting("wrong-index", 2`,
      `${R} > skipped("duplicate"`,
      `${I} > fault: "shuffled"`,
      `${I} > fault: "missing"`,
    ],
  },
  {
    fault: "redirects",
    seen: "refused; the body is never posted again",
    tests: [
      `${E} > lasting("redirect=308", 1`,
      `${L0} > lasting("redirect=307", 1`,
      `${I} > a redirect`,
      `${I} > fault: "redirect=308"`,
    ],
  },
  {
    fault: "a context that is too long",
    seen: "asked again with fewer passages, twice; then quoted sentences",
    tests: [`${L0} > mended("context-too-long"`, `${L0} > lasting("context-too-long", 2`],
  },
];

const EVERY: readonly Row[] = [
  {
    fault: "any of them, in any mixture",
    seen: "one run-end as the last event of each stream, nothing private, nothing left",
    tests: [`${ANY} > every stream ends with one run-end`],
  },
  {
    fault: "three failures in ten on every call",
    seen: "every answer is usable",
    tests: [`${ANY} > before the first word: every answer is usable`],
  },
  {
    fault:
      "readers who come back, share, name and cancel, while records go, collections change and the service drains",
    seen: "the same run for all of it, once and to one end, of what there is; nothing left",
    tests: ["test/http/runs/journal-any.test.ts > whoever reads a run reads the same run"],
  },
];

const SYSTEM: readonly Row[] = [
  {
    fault: "a client leaves before the response or within it, by RST or FIN",
    seen: "the upstream's socket is closed, nothing is asked after that, no error in the log",
    tests: [
      `${C} > while the question is embedded`,
      `${C} > within the model's stream`,
      `${C} > closes one half`,
      `${C} > fifty clients that leave`,
      `${G} > leaves while it waits for its turn`,
    ],
  },
  {
    fault: "a slow reader, a stalled one",
    seen: "paced and answered; reset after the stall time, with the model's stream",
    tests: [
      `${C} > reads slowly but steadily`,
      `${C} > stops reading is reset`,
      "test/http/socket.test.ts > what is buffered for it bounded",
    ],
  },
  {
    fault: "headers and bodies that drip",
    seen: "cut off with 408, others are answered meanwhile",
    tests: [`${C} > headers and bodies that drip`],
  },
  {
    fault: "overload",
    seen: "only 200, 429 and 503 with Retry-After; health is answered",
    tests: [
      `${G} > sixty questions for two places`,
      `${G} > a queue without room refuses at once`,
      `${GATE} > every caller that waits is served`,
    ],
  },
  {
    fault: "one caller asks for more than all others",
    seen: "callers take turns; beyond its share a caller is refused, and another is let in",
    tests: [
      `${FAIR} > is served in turns with one that asks once`,
      `${FAIR} > a caller has so many questions at once`,
      "test/async/fair-queue.test.ts > callers take turns",
      `${GATE} > a caller has a share of its own`,
    ],
  },
  {
    fault: "overload that lasts: brown-out",
    seen: "reranking is left out, then the context is halved, each reported; in calm all of it comes back",
    tests: [
      `${G} > a full queue sheds what makes answers better`,
      "test/async/pressure.test.ts > the level rises at once",
    ],
  },
  {
    fault: "the same question many times at once",
    seen: "one run, for all who wait; it is left when the last of them leaves",
    tests: [
      `${G} > twenty who ask the same`,
      `${G} > goes on until the last of them leaves`,
      `${G} > who shares a run that fails`,
      `${P} > the vector of a question is asked for once`,
    ],
  },
  {
    fault: "SIGTERM idle, within streams, and twice",
    seen: "no new questions, grace, one terminal event each, exit",
    tests: [
      `${MAIN} > ends at once when idle`,
      `${MAIN} > gives it its grace`,
      `${MAIN} > a second signal ends it now`,
      "test/http/socket.test.ts > every open stream gets its last event",
    ],
  },
  {
    fault: "a rejection or an error that nobody catches",
    seen: "logged once; the process ends as a failure",
    tests: [`${MAIN} > is logged once and ends the process as a failure`],
  },
  {
    fault: "SIGTERM within an ingest",
    seen: "its own exit code, a hint, a collection that can be gone on with",
    tests: [`${COMMANDS} > %s in the middle ends with its code`],
  },
  {
    fault: "a crash in the making of a table",
    seen: "the shell is no collection and is replaced",
    tests: ["test/node/lance/lance-files.test.ts > the shell of a broken creation"],
  },
  {
    fault: "files of a collection missing, short or empty",
    seen: "that collection is unavailable, the others answer",
    tests: [
      `${S} > the data files of one collection are gone`,
      `${S} > the manifests of one collection are cut`,
      `${S} > without which there is to be no answer`,
      `${S} > all collections are damaged`,
    ],
  },
  {
    fault: "a damaged text",
    seen: "not shown, found by verify",
    tests: ["test/node/lance/lance-files.test.ts > in a text is not shown"],
  },
  {
    fault: "an ingest is killed, the power fails, the disk is full, bits flip",
    seen: "what was acknowledged is there once, the rest is found by the next run; damage is found and named",
    tests: [
      "scripts/durability.ts > measureKills",
      "scripts/durability.ts > measurePowerLosses",
      "scripts/durability.ts > measureDiskFull",
      "scripts/durability.ts > measureBitFlips",
    ],
  },
  {
    fault: "the event loop stands still",
    seen: "what has arrived is read before a watchdog barks",
    tests: [
      "test/async/clock-late.test.ts > an answer that came while the process was busy is read befor",
    ],
  },
  {
    fault: "two ingests at once",
    seen: "the second is told to wait",
    tests: [`${COMMANDS} > a second writer is told to wait`],
  },
  {
    fault: "another process commits while questions are asked",
    seen: "what was opened stays, what is new is seen in time",
    tests: ["test/node/lance/lance-files.test.ts > sees a commit after the freshness time"],
  },
];

const ROWS = [...UPSTREAM, ...EVERY, ...SYSTEM];

describe.each(ROWS)("$fault", ({ tests, after = [], seen }) => {
  test(`${seen}: is seen by the tests named, or waits for something named`, () => {
    expect(tests.length + after.length).toBeGreaterThan(0);
    expect(tests.filter((reference) => !isThere(reference))).toEqual([]);
    expect(after.filter((waiting) => !/^(policy|gate|agent|ingest): ./.test(waiting))).toEqual([]);
  });
});

test("every file of cells stands in the table", () => {
  const named = new Set(ROWS.flatMap(({ tests }) => tests.map(toFile)));
  expect(
    [E, L0, L1, R, I, S, C, SHAPES, ANY, P, F, T, G, O, RESEARCH, FAIR].filter(
      (file) => !named.has(file),
    ),
  ).toEqual([]);
});

function toFile(reference: string): string {
  return reference.split(" > ")[0] ?? "";
}

/** Ignores how a line was broken. */
function isThere(reference: string): boolean {
  const file = toFile(reference);
  const title = reference.slice(file.length + 3);
  const flat = (text: string): string => text.replace(/\s+/g, "").replaceAll(",)", ")");
  return existsSync(file) && title !== "" && flat(readFileSync(file, "utf8")).includes(flat(title));
}
