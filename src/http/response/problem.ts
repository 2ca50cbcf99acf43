/** Failures as `application/problem+json` (RFC 9457): one table of statuses, fixed titles, our own details. */
import type * as z from "zod";
import type { RunFailure } from "../../domain/event.ts";
import { AppError, type ErrorCode } from "../../errors.ts";
import type { Problem as ProblemBody } from "../openapi/bodies.ts";

const PROBLEMS: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  invalid_request: [400, "The request is not valid"],
  invalid_filter: [400, "The filter is not valid"],
  invalid_schema: [400, "The JSON Schema of the output cannot be used"],
  unsupported_option: [400, "An option is not supported"],
  unauthenticated: [401, "A key is missing or wrong"],
  forbidden: [403, "The request is not allowed"],
  rate_limited: [429, "The caller sends too much at a time"],
  quota_exceeded: [429, "The key has used what it has for a day"],
  not_found: [404, "There is nothing at this address"],
  method_not_allowed: [405, "This address does not take this method"],
  not_acceptable: [406, "None of the accepted types can be produced"],
  collection_not_found: [404, "A collection does not exist"],
  collection_unavailable: [503, "A collection cannot be read"],
  idempotency_conflict: [409, "The idempotency key belongs to another request"],
  run_expired: [410, "The run's record is no longer kept"],
  embedder_mismatch: [409, "A collection was built by another embedder"],
  ingest_locked: [409, "A collection is being written"],
  ingest_failed: [503, "The process that writes documents broke off"],
  precondition_failed: [412, "The document is not as the request expects it"],
  document_unreadable: [422, "The document cannot be read"],
  payload_too_large: [413, "The request is too large"],
  unsupported_media_type: [415, "The type of the body is not supported"],
  output_invalid: [502, "The model's value does not satisfy the JSON Schema"],
  content_filtered: [422, "The model's filter refused the content"],
  context_too_long: [422, "The context is too long for the model"],
  embedding_invalid: [502, "The embedding endpoint returned unusable vectors"],
  upstream_bad_response: [502, "A model endpoint returned an unusable response"],
  upstream_truncated: [502, "A model endpoint broke off its response"],
  upstream_stalled: [504, "A model endpoint fell silent"],
  upstream_unavailable: [503, "A model endpoint cannot be reached"],
  upstream_rate_limited: [503, "A model endpoint limits the rate of requests"],
  upstream_config: [503, "A model endpoint refused the service's settings"],
  overloaded: [503, "The service has too much to do"],
  draining: [503, "The service is shutting down"],
  store_unavailable: [503, "The store cannot be read or written"],
  store_full: [507, "The disk of the store is full"],
  store_read_only: [503, "The store cannot be written"],
  misconfigured: [503, "The service's settings are wrong"],
  deadline_exceeded: [504, "The deadline passed"],
  cancelled: [499, "The request was cancelled"],
  internal: [500, "The service failed"],
};
/** Said with a 503 that passes by itself, when nobody named a time. */
const RETRY_AFTER_MS: Readonly<Partial<Record<ErrorCode, number>>> = {
  overloaded: 1_000,
  draining: 2_000,
  ingest_failed: 2_000,
  store_unavailable: 2_000,
  upstream_rate_limited: 2_000,
  upstream_unavailable: 2_000,
};

export type Problem = z.infer<typeof ProblemBody>;

/** The status that goes with a code. */
export function toStatus(code: ErrorCode): number {
  return PROBLEMS[code][0];
}

/** An error, or the failure a run ended with, as a problem. */
export function toProblem(error: AppError | RunFailure, requestId: string): Problem {
  const [status, title] = PROBLEMS[error.code];
  const retryAfterMs = error.retryAfterMs ?? RETRY_AFTER_MS[error.code];
  const issues =
    error instanceof AppError && error.issues.length > 0 ? [...error.issues] : undefined;
  return {
    type: "about:blank",
    title,
    status,
    code: error.code,
    detail: error.detail ?? `${title}.`,
    stage: error.stage,
    retryable: error.retryable,
    // Clocks count parts of a millisecond, and nobody waits for them.
    retryAfterMs: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs),
    requestId,
    issues,
  };
}

/** The response of a problem, with `Retry-After` where waiting helps. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  const retryAfter: Record<string, string> =
    problem.retryAfterMs === undefined
      ? {}
      : { "Retry-After": String(Math.max(1, Math.ceil(problem.retryAfterMs / 1000))) };
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "Content-Type": "application/problem+json", ...retryAfter, ...headers },
  });
}
