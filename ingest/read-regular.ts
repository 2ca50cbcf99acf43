/** The bytes of a regular file, never those of a pipe or device that took its place. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** What the loaders open files with: a link is not followed, and a pipe without a writer is not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Synchronous: most files are small and in the system's cache, where each of the four trips of an asynchronous read
 * costs more than the whole. Undefined for what is no file, is larger, or cannot be read: the loader's to report.
 */
export function readRegular(path: string, bytesMax: number): Uint8Array | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS);
    const stats = fstatSync(file);
    return stats.isFile() && stats.size <= bytesMax ? readFileSync(file) : undefined;
  } catch {
    return undefined; // the loader meets the same fault and says it
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
