/** Questions: answered, or only searched for. */
import type * as z from "zod";
import { RunEvent, RunRecord } from "../../domain/event.ts";
import { RunAddress, SearchResult } from "./bodies.ts";
import { RUN_ERRORS } from "./errors.ts";
import { RUN_HEADERS, STREAM_HEADERS } from "./headers.ts";
import type { AskInput } from "./names.ts";
import { describe } from "./operation.ts";

export function createQuestionOperations<Output>(Ask: z.ZodType<Output, AskInput>) {
  return {
    ask: describe({
      method: "post",
      path: "/v1/ask",
      tag: "Ask",
      summary: "Ask a question",
      description:
        "Answers from the documents. `Accept` chooses the form: `text/event-stream` sends each event as it happens, `application/json` (the default) the whole run when it is over. Until retrieval is done the response has not begun, so that failures up to there are true statuses; later ones are in `run-end`. A stream without `run-end` was cut off.",
      headers: ["X-Request-Timeout-Ms", "Idempotency-Key", "Prefer"],
      body: Ask,
      replies: {
        200: {
          description: "The answer with its passages, citations, checks and ledger.",
          json: RunRecord,
          events: RunEvent,
          headers: STREAM_HEADERS,
        },
        202: {
          description: "With `Prefer: respond-async`: the run has begun, and this is its address.",
          json: RunAddress,
          headers: ["Location", "X-Run-Id", "Preference-Applied"],
        },
      },
      errors: RUN_ERRORS,
      errorHeaders: RUN_HEADERS,
    }),
    search: describe({
      method: "post",
      path: "/v1/search",
      tag: "Ask",
      summary: "Search without an answer",
      description:
        "The passages that a question finds, best first. The body is that of a question.",
      headers: ["X-Request-Timeout-Ms"],
      body: Ask,
      replies: {
        200: {
          description: "The passages and the ledger of the search.",
          json: SearchResult,
          headers: RUN_HEADERS,
        },
      },
      errors: RUN_ERRORS,
      errorHeaders: RUN_HEADERS,
    }),
  };
}
