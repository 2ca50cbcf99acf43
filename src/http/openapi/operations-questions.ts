/** Questions: answered, or only searched for. */
import type * as z from "zod";
import { RunEvent, RunRecord } from "../../domain/event.ts";
import { ExplainResult, RunAddress, SearchResult } from "./bodies.ts";
import { RUN_ERRORS } from "./errors.ts";
import { RUN_HEADERS, STREAM_HEADERS } from "./headers.ts";
import type { AskInput, ExplainInput } from "./names.ts";
import { describe } from "./operation.ts";

export function createQuestionOperations<Output, ExplainOutput>({
  Ask,
  Explain,
}: {
  readonly Ask: z.ZodType<Output, AskInput>;
  readonly Explain: z.ZodType<ExplainOutput, ExplainInput>;
}) {
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
    explain: createExplainOperation(Explain),
  };
}

function createExplainOperation<Output>(Explain: z.ZodType<Output, ExplainInput>) {
  return describe({
    method: "post",
    path: "/v1/explain",
    tag: "Ask",
    summary: "Why a document was or was not used",
    description:
      "Searches as `/v1/search` does, and tells for one document at which stage it fell out and why, chunk by chunk, and what could be changed. The body is that of a question with the document's id.",
    headers: ["X-Request-Timeout-Ms"],
    body: Explain,
    replies: {
      200: {
        description: "How far the document came.",
        json: ExplainResult,
        headers: RUN_HEADERS,
      },
    },
    errors: [...RUN_ERRORS, "not_found"],
    errorHeaders: RUN_HEADERS,
  });
}
