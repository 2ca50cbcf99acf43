/** Whether a failed model call says that its upstream cannot be reached, after every attempt and fallback it had. */
import { AppError, type ErrorCode } from "../errors.ts";

const DOWN: ReadonlySet<ErrorCode> = new Set([
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_stalled",
  "upstream_config",
]);

/** True for failures that the next call would meet as well: then the answer is quoted at once. */
export function isModelDown(thrown: unknown): boolean {
  return thrown instanceof AppError && DOWN.has(thrown.code);
}
