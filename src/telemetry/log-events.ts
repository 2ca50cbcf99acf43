/** Every event of the service's log: its level and what it says. The table in the guide is made of it. */

export interface LogEventDoc {
  readonly level: "info" | "warn" | "error";
  readonly help: string;
}

const info = (help: string): LogEventDoc => ({ level: "info", help });
const warn = (help: string): LogEventDoc => ({ level: "warn", help });
const error = (help: string): LogEventDoc => ({ level: "error", help });

export const LOG_EVENTS: Readonly<Record<string, LogEventDoc>> = {
  run: info("A run is over: outcome, grounding, duration, codes."),
  "run-content": info("Question and answer of a run, with `LOG_CONTENT`."),
  draining: info("The service was told to end and takes no new questions."),
  "ending-runs": warn("`DRAIN_GRACE_MS` is over, and runs are ended that are still under way."),
  drained: info("The last connection is closed."),
  "unhandled-rejection": error("A bug, over which the process ends."),
  "uncaught-exception": error("A bug, over which the process ends."),
  "log-lines-dropped": warn("The reader of the log did not read; so many lines are missing."),

  "request-failed": error("A bug: the request was answered with `internal`."),
  "request-refused": warn("A request was answered with a 5xx other than 500; `code` says why."),
  "run-failed": error("A bug: the run ended with `internal`."),
  "run-broke-off": error("A run ended without its last event, which was added."),
  "run-lost": warn("The platform has ended the run's request without a word (Workers)."),
  "not-observed": error("A bug in metrics or traces; the run went on."),
  "mcp-tool-failed": error("A bug in a tool of `/mcp`."),
  "mcp-refused": warn("An MCP client sent what the protocol does not allow."),
  "mcp-progress-lost": warn("An MCP client took no progress message."),
  "examples-missing": warn("`/docs` is shown without its examples."),
  "not-built": error("A Worker could not be put together; the request was refused."),

  "store-unavailable": warn("The store cannot be read, as `/readyz` says."),
  "collection-failed": warn("A collection could not be described in `/v1/collections`."),
  "collection-recovered": warn("A version that was not whole was moved aside; `what` is missing."),
  "collections-not-measured": warn("Metrics of the collections are left out for now."),
  "store-late": error("The store did not say in time what is new; an older version was searched."),
  "versions-unknown": error(
    "The question was neither shared nor kept: its versions are not known.",
  ),
  "leg-failed": error("A leg of a search failed or was late."),
  "part-lost": error(
    "A part of a collection that is spread over objects did not answer (Workers).",
  ),
  "take-failed": error("Texts of a collection's passages could not be read."),
  "vectorize-leftover": error("Vectors could not be removed from Vectorize (Workers)."),

  "model-failed": error("The chat model failed; sentences were quoted instead."),
  "gathering-failed": error("The model failed while it gathered with tools."),
  "plan-failed": error("The planner failed; the question stayed whole."),
  "subrun-failed": error("A sub-agent failed."),
  "rewrite-failed": error("A follow-up was searched as it was put."),
  "rerank-failed": error("The reranker failed; the fused order stands."),
  "repair-failed": error("The second draft failed; the first stands."),

  "key-refused": info("A key did not count; `reason` says why."),
  "keys-changed": info("The file of keys was read again."),
  "keys-not-read": error("The file of keys cannot be read; the last good list counts."),
  "limits-shared": info("Redis is reached, and limits of keys are counted there."),
  "limits-not-shared": warn("Redis is not reached; this process counts by itself."),
  "rate-limit-failed": error("The platform's limit did not answer (Workers)."),

  "run-not-recorded": error("A bug: the run's record is lost."),
  "run-not-kept": error("The record of a run could not be written to `RUN_JOURNAL_DIR`."),
  "run-not-marked": error("That a record has expired could not be written there."),
  "run-unreadable": error("A record there is damaged."),
  "runs-not-removed": error("Records that have to go could not be removed there."),

  "upload-failed": error("A bug: a document was not stored, or not as a whole batch."),
  "embedding-cache-unusable": error("Vectors that were paid for are not kept on disk."),

  "collector-unreachable": warn("The collector of traces and metrics does not take them; `why`."),
  "collector-reachable": info("The collector takes them again."),
  "metrics-not-exported": error("A bug: metrics were not sent."),
};
