/** The error of a Worker whose bindings or settings cannot be: `detail` names what is wrong. */
import { AppError } from "../errors.ts";

const PREFIX = "settings are wrong: ";

export function misconfigured(why: string, cause?: unknown): AppError {
  return new AppError("misconfigured", { detail: `${PREFIX}${why}`, cause });
}

/** What is wrong with a setting is wrong with the Worker, and nothing of a request; all else stays what it is. */
export function toMisconfigured(thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== "invalid_request") return thrown;
  return misconfigured(thrown.message.replace(PREFIX, ""), thrown);
}
