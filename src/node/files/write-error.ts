/** What the system says when it does not let the store be written, as errors of ours. */
import { AppError } from "../../errors.ts";
import { isCode } from "./is-code.ts";

const FULL = ["ENOSPC", "EDQUOT"];
const REFUSED = ["EROFS", "EACCES", "EPERM"];

/** The disk is full, or may not be written, which trying again does not mend; undefined for all else. */
export function toWriteError(thrown: unknown): AppError | undefined {
  if (FULL.some((code) => isCode(thrown, code))) {
    const detail = "the disk of the store is full; what was acknowledged before stays";
    return new AppError("store_full", { detail, cause: thrown });
  }
  if (REFUSED.some((code) => isCode(thrown, code))) {
    const detail = "the store's folder may not be written; check its permissions and its disk";
    return new AppError("store_read_only", { detail, cause: thrown });
  }
  return undefined;
}
