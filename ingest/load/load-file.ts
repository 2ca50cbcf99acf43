/** One file to its documents and problems: the one way in for whatever ingests. */
import { setImmediate } from "node:timers/promises";
import type { LoadPool } from "./load-pool.ts";
import { findFormat, type Format, READABLE } from "../../src/domain/format.ts";
import { type FileReference, type LoadEvent, toProblem } from "../loaders/load-event.ts";
import { runLoader } from "../loaders/run-loader.ts";
import { readRegular } from "../files/read-regular.ts";

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
  const read = isFit ? bytes : readRegular(file, pool.limits);
  if ("type" in read) {
    yield read;
    return;
  }
  const isInline = INLINE.has(format) && read.length <= pool.limits.inlineBytesMax;
  if (!isInline) {
    yield* await pool.load(format, read, file, signal);
    return;
  }
  let turn = performance.now();
  for await (const event of runLoader(format, read, file, pool.limits)) {
    if (performance.now() - turn > TURN_MS) {
      await setImmediate();
      turn = performance.now();
    }
    signal.throwIfAborted();
    yield event;
  }
}
