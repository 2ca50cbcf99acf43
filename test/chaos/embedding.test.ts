/** Faults of the embedding of a question: an answer from keywords at worst. */
import { onAll, SHORT_CHAT, SHORT_EMBEDDINGS } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";
import { toward } from "./toward.ts";

const RETRY = "test/models/with-retry.test.ts";
const CLIENT = "test/models/openai-client.test.ts";
const EMBEDDER = "test/models/openai-embedder.test.ts";
const without = { degraded: ["vector_unavailable"] };
const { on, mended, lasting } = toward("embeddings", without);

/** Silent in whatever way: left, and asked again. An answer that is slow on a busy machine is one more attempt. */
const silent = (fault: string, fast: string): readonly Cell[] => [
  mended(fault, fast, { env: SHORT_EMBEDDINGS, requests: { embeddings: [2, 3], left: [1, 2] } }),
  lasting(fault, 3, fast, { env: SHORT_EMBEDDINGS, requests: { embeddings: 3, left: 3 } }),
];

const cells: readonly Cell[] = [
  {
    name: "slow, but inside its budget",
    upstream: on("latency=40"),
    sees: {},
    requests: {},
    fast: `${EMBEDDER} > gives unit vectors in the order of the texts`,
  },
  ...silent("latency=9000", `${RETRY} > never answers`),
  ...silent("stall-headers", `${RETRY} > never answers`),
  ...silent("stall-body", `${RETRY} > stalls within its answer`),
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
  lasting("quota", 1, `${RETRY} > no quota`),
  lasting("status=401", 1, `${RETRY} > a wrong key`),
  lasting("status=403", 1, `${CLIENT} > 403`),
  lasting("status=404", 1, `${CLIENT} > 404`),
  ...["500", "502", "504", "529", "408"].map((status) =>
    mended(`status=${status}`, `${RETRY} > an outage`),
  ),
  lasting("status=503", 3, `${RETRY} > an outage that lasts`),
  mended("reset", `${RETRY} > a reset`),
  lasting("reset", 3, `${RETRY} > a reset`),
  mended("reset-after=0", `${RETRY} > a reset`),
  {
    name: "the connection is reset as soon as it is made, once",
    upstream: onAll("connection", "reset-accept", { times: 1 }),
    sees: {},
    requests: {},
    fast: `${RETRY} > a reset`,
  },
  {
    name: "the connection is taken and nothing is read from it, once",
    upstream: onAll("connection", "stall-accept", { times: 1 }),
    env: { ...SHORT_EMBEDDINGS, ...SHORT_CHAT },
    sees: {},
    requests: { embeddings: [1, 2], chat: [1, 2], left: [0, 1] },
    fast: `${RETRY} > never answers`,
  },
  mended("eof-after=0", `${RETRY} > nonsense once`),
  lasting("eof-after=0", 2, `${RETRY} > nonsense that lasts`),
  mended("malformed-after=0", `${RETRY} > nonsense once`),
  lasting("malformed-after=0", 2, `${RETRY} > nonsense that lasts`),
  mended("html", `${CLIENT} > a web page`),
  lasting("html", 2, `${CLIENT} > a web page`),
  lasting("endless-line", 2, `${CLIENT} > a JSON body beyond its limit is cut off`, {
    requests: { embeddings: 2, left: 2 },
  }),
  lasting("nan", 2, `${EMBEDDER} > NaN`),
  lasting("infinity", 1, `${EMBEDDER} > infinity`),
  lasting("zeros", 1, `${RETRY} > zeros`),
  lasting("nulls", 1, `${EMBEDDER} > nulls`),
  lasting("strings", 1, `${EMBEDDER} > strings`),
  lasting("base64", 1, `${EMBEDDER} > base64`),
  lasting("dimension=3", 1, `${EMBEDDER} > a question's vector is held to its collection`),
  lasting("missing", 2, `${EMBEDDER} > no embedding`),
  mended("missing", `${RETRY} > a missing vector once`),
  lasting("extra", 2, `${EMBEDDER} > too many`),
  lasting("duplicate", 2, `${EMBEDDER} > the same index twice`),
  lasting("wrong-index", 2, `${EMBEDDER} > a wrong index`),
  {
    name: "rows without an index, which are taken in their order",
    upstream: on("no-index"),
    sees: {},
    requests: {},
    fast: `${EMBEDDER} > a row without an index is the one of its place`,
  },
  lasting("redirect=307", 1, `${CLIENT} > a redirect`),
  lasting("redirect=308", 1, `${CLIENT} > follows no redirect`),
  lasting("content-filter", 1, `${CLIENT} > a content filter`),
  lasting("context-too-long", 1, `${CLIENT} > a context length by code`),
  {
    name: "split into single bytes, which harms nothing",
    upstream: on("split=1"),
    sees: {},
    requests: {},
    fast: `${EMBEDDER} > normalises and puts back in order`,
  },
  {
    name: "silent for longer than the run's own deadline, of which it gets no more than leaves time for an answer",
    upstream: on("stall-headers"),
    ask: { body: { deadlineMs: 4000 } },
    sees: without,
    requests: { embeddings: 1, left: 1 },
    fast: `${RETRY} > ends with the run's own deadline when that comes first`,
  },
];

checkCells(cells);
