/** Faults of the model after its first word: what was shown stands, nothing is asked again, and the end says that it failed. */
import { onAll } from "../support/chaos-world.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";

const RETRY = "test/models/with-retry.test.ts";
const CHAT = "test/models/openai-chat.test.ts";

const lost = (fault: string, failed: ErrorCode, fast: string, rest: Partial<Cell> = {}): Cell => ({
  name: fault,
  upstream: onAll("chat", fault),
  sees: { failed, shown: true },
  env: { DELTA_GAP_TIMEOUT_MS: "250", USAGE_WAIT_MS: "100" },
  requests: {},
  fast,
  ...rest,
});

const cells: readonly Cell[] = [
  lost("stall-after=3", "upstream_stalled", `${RETRY} > reports a silence after text`, {
    requests: { left: 1 },
  }),
  ...["pings=20", "blank-deltas=20"].map((filler) =>
    lost(
      `stall-after=3, ${filler}`,
      "upstream_stalled",
      `${RETRY} > comments and blank deltas are silence`,
      {
        requests: { left: 1 },
      },
    ),
  ),
  lost(
    "stall-after=3, endless-line",
    "upstream_bad_response",
    `${CHAT} > an event beyond its limit, %s`,
    {
      // A busy machine may take longer than a short gap to read a line up to its limit.
      env: {},
      requests: { left: 1 },
    },
  ),
  lost("delta-latency=9000", "upstream_stalled", `${RETRY} > reports a silence after text`, {
    requests: { left: 1 },
  }),
  lost("reset-after=3", "upstream_truncated", `${CHAT} > a reset after text`),
  lost("eof-after=3", "upstream_truncated", `${CHAT} > a clean end without finish reason`),
  lost("malformed-after=3", "upstream_bad_response", `${CHAT} > an event that is not JSON`, {
    requests: { left: [0, 1] },
  }),
  lost("error-after=3", "upstream_bad_response", `${CHAT} > an error without a name within`),
  lost("error-after=3:502", "upstream_unavailable", `${CHAT} > an outage within, as a number`),
  lost("error-after=3:overloaded_error", "upstream_unavailable", `${CHAT} > an outage within`),
  lost(
    "error-after=3:rate_limit_exceeded",
    "upstream_rate_limited",
    `${CHAT} > a rate limit within`,
  ),
  lost("filter-after=3", "content_filtered", `${CHAT} > a content filter within`),
  lost("shape=error-within", "upstream_unavailable", `${CHAT} > an outage within, as a number`),
  lost("shape=no-finish", "upstream_truncated", `${CHAT} > [DONE] without finish reason`),
  lost(
    "delta-latency=600",
    "deadline_exceeded",
    `${RETRY} > ends with the run's own deadline, in the stream too`,
    {
      name: "the run's own deadline passes within the stream",
      // Long enough for a busy machine to come to the model, and shorter than its answer.
      env: { DELTA_GAP_TIMEOUT_MS: "5000" },
      ask: { body: { deadlineMs: 4_000 } },
      requests: { left: 1 },
    },
  ),
];

checkCells(cells);
