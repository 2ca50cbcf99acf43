/** Faults of the reranker: none fails a request, the fused order stands, and the run says so. */
import { onAll } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";

const RERANK = "test/models/rerank.test.ts";
const CLIENT = "test/models/openai-client.test.ts";
const RETRY = "test/models/with-retry.test.ts";

/** Attempts share one budget, so a failure that is quick may be tried again, one that is not gets one. */
const skipped = (fault: string, fast: string, rest: Partial<Cell> = {}): Cell => ({
  name: fault,
  upstream: onAll("rerank", fault),
  sees: { degraded: ["rerank_skipped"] },
  requests: { rerank: [1, 3] },
  fast,
  ...rest,
});
const late = {
  env: { RERANK_TIMEOUT_MS: "1000", RERANK_ATTEMPT_TIMEOUT_MS: "1000" },
  requests: { rerank: 1, left: 1 },
} as const;

const cells: readonly Cell[] = [
  {
    name: "slow, but inside its budget",
    upstream: onAll("rerank", "latency=40"),
    sees: {},
    requests: {},
    fast: `${RERANK} > scores against a mock of Cohere that others wrote`,
  },
  {
    name: "rows out of order, which harms nothing",
    upstream: onAll("rerank", "shuffled"),
    sees: {},
    requests: {},
    fast: `${RERANK} > Cohere, Jina and vLLM`,
  },
  {
    name: "split into single bytes, which harms nothing",
    upstream: onAll("rerank", "split=1"),
    sees: {},
    requests: {},
    fast: `${RERANK} > Cohere, Jina and vLLM`,
  },
  skipped("latency=9000", `${RETRY} > leaves what takes too long`, late),
  skipped("stall-headers", `${RETRY} > leaves what takes too long`, late),
  skipped("stall-body", `${RETRY} > leaves what takes too long`, late),
  skipped("status=401", `${RERANK} > 401`, { requests: { rerank: 1 } }),
  skipped("status=404", `${RERANK} > 401`, { requests: { rerank: 1 } }),
  skipped("quota", `${RERANK} > 429 without quota`, { requests: { rerank: 1 } }),
  skipped("status=500", `${RERANK} > 500`),
  skipped("status=503", `${RERANK} > 500`),
  skipped("rate-limit", `${RERANK} > 429`),
  skipped("rate-limit-seconds=120", `${RERANK} > 429`, { requests: { rerank: 1 } }),
  skipped("rate-limit-date=120", `${RERANK} > 429`, { requests: { rerank: 1 } }),
  skipped("reset", `${RERANK} > a reset`),
  skipped("reset-after=0", `${RERANK} > a reset`),
  skipped("eof-after=0", `${RERANK} > broken JSON`),
  skipped("malformed-after=0", `${RERANK} > broken JSON`),
  skipped("endless-line", `${CLIENT} > a JSON body beyond its limit is cut off`, {
    requests: { rerank: [1, 3], left: [1, 3] },
  }),
  skipped("html", `${RERANK} > a web page`),
  skipped("redirect=307", `${RERANK} > a redirect`, { requests: { rerank: 1 } }),
  skipped("missing", `${RERANK} > an index missing`),
  skipped("duplicate", `${RERANK} > an index twice`),
  skipped("extra", `${RERANK} > one too many`),
  skipped("wrong-index", `${RERANK} > an index that is none`),
  skipped("no-index", `${RERANK} > an empty object`),
  skipped("nulls", `${RERANK} > a score that is null`),
  skipped("nan", `${RERANK} > broken JSON`),
  skipped("infinity", `${RERANK} > a score that is infinite`),
  {
    name: "an outage, once",
    upstream: onAll("rerank", "status=503", { times: 1 }),
    sees: {},
    requests: { rerank: 2 },
    fast: `${RETRY} > a reranker with retries mends an outage`,
  },
];

checkCells(cells);
