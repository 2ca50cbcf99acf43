/** One file to its documents and problems: the one way in for whatever ingests. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { IngestLimits } from "./limits.ts";
import type { LoadPool } from "./load-pool.ts";
import { findFormat, type Format, READABLE } from "../src/domain/format.ts";
import {
  type FileReference,
  type LoadEvent,
  type Problem,
  type ProblemCode,
  toProblem,
} from "./loaders/load-event.ts";
import { runLoader } from "./loaders/run-loader.ts";

/** Formats whose parsers are short: a small file is read before it would have reached a process of its own. */
const INLINE: ReadonlySet<Format> = new Set([
  "markdown",
  "rst",
  "text",
  "code",
  "csv",
  "json",
  "jsonl",
]);
/** Longest stretch between two turns of the event loop. */
const TURN_MS = 10;

/**
 * Reads a file, unless its bytes were read before, and yields what is in it. Every fault of the file is a problem among
 * the events, never a throw; it throws the signal's reason only.
 */
export async function* loadFile(
  file: FileReference,
  pool: LoadPool,
  signal: AbortSignal,
  bytes?: Uint8Array,
): AsyncGenerator<LoadEvent> {
  signal.throwIfAborted();
  const format = file.format ?? findFormat(file.id);
  if (format === undefined) {
    const text = `is of a kind that cannot be read; ${READABLE} can`;
    yield toProblem(file.id, "unsupported", text);
    return;
  }
  const isFit = bytes !== undefined && bytes.length > 0 && bytes.length <= pool.limits.fileBytesMax;
  const read = isFit ? { bytes } : await readBytes(file, pool.limits);
  if ("problem" in read) {
    yield read.problem;
    return;
  }
  signal.throwIfAborted();
  const isInline = INLINE.has(format) && read.bytes.length <= pool.limits.inlineBytesMax;
  if (!isInline) {
    yield* await pool.load(format, read.bytes, file, signal);
    return;
  }
  let turn = performance.now();
  for await (const event of runLoader(format, read.bytes, file, pool.limits)) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
    signal.throwIfAborted();
    yield event;
  }
}

type Read = { readonly bytes: Uint8Array } | { readonly problem: Problem };

/** Reads a regular file within the size limit; the last check is on the open file, so that no swap gets by. */
async function readBytes(file: FileReference, limits: IngestLimits): Promise<Read> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(
      file.path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    const stat = await handle.stat();
    if (!stat.isFile()) {
      return { problem: toProblem(file.id, "special-file", "is not a regular file; leave it out") };
    }
    if (stat.size === 0) {
      return { problem: toProblem(file.id, "empty", "is empty; there is nothing to load") };
    }
    if (stat.size > limits.fileBytesMax)
      return { problem: toSizeProblem(file.id, stat.size, limits) };
    return { bytes: await readAll(handle, stat.size) };
  } catch (cause) {
    return { problem: toReadProblem(file.id, cause) };
  } finally {
    await handle?.close();
  }
}

async function readAll(handle: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  let length = 0;
  while (length < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, length, sizeBytes - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length === sizeBytes ? bytes : bytes.slice(0, length);
}

/** A file beyond the size limit, in the words used for it everywhere. */
export function toSizeProblem(id: string, sizeBytes: number, limits: IngestLimits): Problem {
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
