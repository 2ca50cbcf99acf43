/** The bytes of a regular file, never those of a pipe or device that took its place; or what is wrong with it. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { IngestLimits } from "../limits.ts";
import {
  type FileReference,
  type Problem,
  type ProblemCode,
  toProblem,
} from "../loaders/load-event.ts";

/** A link is not followed, and a pipe without a writer is not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

type SizeLimit = Pick<IngestLimits, "fileBytesMax">;

/**
 * Looks at the file that is open, so that no swap gets by. Synchronous: most files are small and in the system's cache,
 * where each of the four trips of an asynchronous read costs more than the whole.
 */
export function readRegular(
  { id, path }: Pick<FileReference, "id" | "path">,
  limits: SizeLimit,
): Uint8Array | Problem {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS);
    const stats = fstatSync(file);
    const { size } = stats;
    if (!stats.isFile())
      return toProblem(id, "special-file", "is not a regular file; leave it out");
    if (size === 0) return toProblem(id, "empty", "is empty; there is nothing to load");
    return size > limits.fileBytesMax ? toSizeProblem(id, size, limits) : readFileSync(file);
  } catch (cause) {
    return toReadProblem(id, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A file beyond the size limit, in the words used for it everywhere. */
export function toSizeProblem(id: string, sizeBytes: number, limits: SizeLimit): Problem {
  const [size, most] = [sizeBytes, limits.fileBytesMax].map((bytes) =>
    (bytes / 2 ** 20).toFixed(1),
  );
  return toProblem(id, "too-large", `has ${size} MiB, more than the ${most} allowed; split it`);
}

const READ_PROBLEMS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  ENOENT: ["missing", "does not exist; check the path"],
  ENOTDIR: ["missing", "does not exist; check the path"],
  EACCES: ["unreadable", "may not be read by this user; change its permissions"],
  EPERM: ["unreadable", "may not be read by this user; change its permissions"],
  ELOOP: ["symlink", "is a symbolic link; name the file that it points to"],
  ENXIO: ["special-file", "is not a regular file; leave it out"],
  ENAMETOOLONG: ["missing", "has a name that is too long; check the path"],
};

/** What the file system said, in our own words. */
export function toReadProblem(id: string, cause: unknown): Problem {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const [problem, text] = READ_PROBLEMS[code] ?? ["unreadable", "cannot be read from this disk"];
  return toProblem(id, problem, text, { cause });
}
