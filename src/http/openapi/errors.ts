/** Which codes of the closed set a kind of route may answer with. */
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";

/** Any route may fail for a bug, and lose its client while it reads. */
export const COMMON_ERRORS: readonly ErrorCode[] = ["internal", "cancelled"];

/** What a run never ends with, and its route never says. */
const NEVER_OF_RUNS: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "not_found",
  "method_not_allowed",
  "run_expired",
  "ingest_locked",
  "store_full",
  "store_read_only",
]);

/** A question may meet anything that is between it and its answer. */
export const RUN_ERRORS: readonly ErrorCode[] = ERROR_CODES.filter(
  (code) => !NEVER_OF_RUNS.has(code),
);

export const STORE_ERRORS = [
  "store_unavailable",
  "collection_unavailable",
  "deadline_exceeded",
  "overloaded",
  "misconfigured",
] as const satisfies readonly ErrorCode[];
