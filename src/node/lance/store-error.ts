/** What the native library throws, as errors of ours. Its texts hold paths and stay in the cause, for the log. */
import * as z from "zod";
import { AppError, toAppError } from "../../errors.ts";
import { TOO_MANY_FILES } from "../durable/files.ts";

/** Of how it tries again, which it tells with every failure of object storage. */
const RETRY_SETTING = /retry_timeout/g;
/** Of the system or of object storage: no rights, an unknown key, one whose time is over. */
const NO_RIGHTS =
  /permission denied|access denied|forbidden|unauthorized|status: 40[13]\b|<Code>ExpiredToken</i;
/** Object storage that was not reached, refused or broke off. What is not there, or cannot be read, is told otherwise. */
const STORAGE_FAILED = /Generic (?:S3|GCS|MicrosoftAzure) error|RetryError/;

/**
 * A native error as an AppError. `collection` is named in what clients see; undefined where the store as a whole
 * was opened or listed. AppErrors pass unchanged, bugs become `internal`.
 */
export function toStoreError(thrown: unknown, collection: string | undefined): AppError {
  // The library throws plain errors; a TypeError and its like are bugs of ours and must be seen as such.
  const native = thrown instanceof Error && thrown.constructor === Error;
  if (!native && !(thrown instanceof z.ZodError)) return toAppError(thrown);
  const text = thrown.message.replaceAll(RETRY_SETTING, "");
  const because = (
    code: "store_unavailable" | "store_full" | "store_read_only" | "collection_unavailable",
    detail: string,
  ) => new AppError(code, { detail, cause: thrown });
  // Its text is the whole condition, so it comes first, and is not kept.
  if (/sql parser error: recursion limit/i.test(text)) {
    return new AppError("invalid_filter", {
      detail: "the filter is too deep: nest fewer parentheses, NOTs and functions",
    });
  }
  if (/tim(?:ed? ?out)/i.test(text)) {
    const detail = "the store did not answer in time; check DATA_DIR and STORE_OPTIONS";
    const ofStore = collection === undefined ? { detail } : {};
    return new AppError("deadline_exceeded", { ...ofStore, cause: thrown });
  }
  if (/no space left|storage full|quota exceeded/i.test(text)) {
    return because(
      "store_full",
      "the disk of the store is full; what was acknowledged before stays",
    );
  }
  if (NO_RIGHTS.test(text)) {
    return because(
      "store_unavailable",
      "the store may not be read or written with these rights; check those to DATA_DIR and the keys in STORE_OPTIONS",
    );
  }
  if (/read-only file system/i.test(text)) {
    return because("store_read_only", "the store is on a read-only file system");
  }
  if (/too many open files/i.test(text)) {
    return because("store_unavailable", TOO_MANY_FILES);
  }
  if (collection === undefined) {
    return because(
      "store_unavailable",
      "the store could not be opened or listed; check DATA_DIR, STORE_OPTIONS and the rights to it",
    );
  }
  if (isConflict(thrown)) {
    return because(
      "store_unavailable",
      `another writer kept changing collection ${collection}; nothing was changed, try again`,
    );
  }
  if (STORAGE_FAILED.test(text)) {
    return because(
      "store_unavailable",
      "object storage did not do what it was asked; check DATA_DIR, STORE_OPTIONS and the rights to it",
    );
  }
  return because(
    "collection_unavailable",
    `collection ${collection} could not be read or written; verify it, and ingest it again if it is damaged`,
  );
}

/** Did another commit get in the way, so that the same work may succeed on the newer version? */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof Error && /commit conflict|retryable|concurrent/i.test(thrown.message);
}

/** Is the table not there, or only the shell that a crash in its creation left? A bucket that is not there is another matter. */
export function isMissing(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || STORAGE_FAILED.test(thrown.message)) return false;
  return /not found|does not exist/i.test(thrown.message);
}

/** Is it the store that cannot be used now, so that nothing is known of the collection? */
export function isOfStore({ code }: AppError): boolean {
  return code === "store_unavailable" || code === "deadline_exceeded";
}
