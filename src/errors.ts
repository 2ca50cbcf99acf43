/** The one error type that crosses a layer, with a code out of a closed set. Anything else thrown is a bug. */

export const ERROR_CODES = [
  "invalid_request",
  "invalid_filter",
  "invalid_schema",
  "unsupported_option",
  "unauthenticated",
  "forbidden",
  "rate_limited",
  "quota_exceeded",
  "not_found",
  "method_not_allowed",
  "not_acceptable",
  "collection_not_found",
  "collection_unavailable",
  "idempotency_conflict",
  "run_expired",
  "embedder_mismatch",
  "ingest_locked",
  "ingest_failed",
  "precondition_failed",
  "document_unreadable",
  "payload_too_large",
  "unsupported_media_type",
  "output_invalid",
  "content_filtered",
  "context_too_long",
  "embedding_invalid",
  "upstream_bad_response",
  "upstream_truncated",
  "upstream_stalled",
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_config",
  "overloaded",
  "draining",
  "store_unavailable",
  "store_full",
  "store_read_only",
  "misconfigured",
  "deadline_exceeded",
  "cancelled",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** May the same request succeed if it is simply sent again later? */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "ingest_locked",
  "ingest_failed",
  "upstream_bad_response",
  "upstream_truncated",
  "upstream_stalled",
  "upstream_unavailable",
  "upstream_rate_limited",
  "rate_limited",
  "overloaded",
  "draining",
  "store_unavailable",
  "deadline_exceeded",
]);

export interface AppErrorOptions {
  /** Shown to clients. Always our own words: what was wrong, where, what to do. Never a message from below. */
  readonly detail?: string;
  /** For the log only. */
  readonly cause?: unknown;
  /** The stage of a run in which it happened, e.g. `embed`. */
  readonly stage?: string;
  /** How long the other side asked us to wait. */
  readonly retryAfterMs?: number;
  /** Where in the request, one line each. */
  readonly issues?: readonly Issue[];
}

/** One wrong place in a request: a path such as `retrieval.hitsMax` and a sentence. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly detail: string | undefined;
  readonly stage: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? code, { cause: options.cause });
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.detail = options.detail;
    this.stage = options.stage;
    this.retryAfterMs = options.retryAfterMs;
    this.issues = options.issues ?? [];
  }
}

/** Any thrown value as an AppError: ours unchanged, everything else `internal` with the value as its cause. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError("internal", { cause: thrown });
}
