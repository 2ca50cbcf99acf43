/** What the system says when it does not let the store be written, as errors of ours. */
import { AppError } from "../../errors.ts";
import { isCode } from "./is-code.ts";

/** The disk is full, or may not be written, which trying again does not mend; undefined for all else. */
export function toWriteError(thrown: unknown): AppError | undefined {
  if (isCode(thrown, "ENOSPC", "EDQUOT")) {
    const detail = "the disk of the store is full; what was acknowledged before stays";
    return new AppError("store_full", { detail, cause: thrown });
  }
  if (isCode(thrown, "EROFS", "EACCES", "EPERM")) {
    const detail = "the store's folder may not be written; check its permissions and its disk";
    return new AppError("store_read_only", { detail, cause: thrown });
  }
  return undefined;
}
