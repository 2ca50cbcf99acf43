/** Which ids a document can be written under: what would also be a relative path, and looks like what it is. */
import { AppError } from "../../errors.ts";
import { stripHidden } from "../../text/hidden-characters.ts";

const ID_CHARS_MAX = 512;

/** Throws AppError invalid_request. `#` names a record within a file, which is written with its file. */
export function checkDocumentId(id: string, isPut: boolean): void {
  const fault = findFault(id, isPut);
  if (fault !== undefined)
    throw new AppError("invalid_request", { detail: `the document's id ${fault}` });
}

function findFault(id: string, isPut: boolean): string | undefined {
  if (id.length > ID_CHARS_MAX) return `has more than ${ID_CHARS_MAX} characters`;
  if (!id.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(id) || stripHidden(id) !== id) {
    return "holds characters that cannot be seen";
  }
  if (id !== id.trim() || id.includes("\\"))
    return "begins or ends with a blank, or holds a backslash";
  if (id.split("/").some((part) => part === "" || part === "." || part === "..")) {
    return "must be like a relative path, without empty parts, . and ..";
  }
  return isPut && id.includes("#") ? "holds #, which names a record within a file" : undefined;
}
