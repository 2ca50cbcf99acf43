/** The error of a Worker whose bindings or settings cannot be: `detail` names what is wrong. */
import { AppError } from "../errors.ts";

export function misconfigured(why: string, cause?: unknown): AppError {
  return new AppError("misconfigured", { detail: `settings are wrong: ${why}`, cause });
}
