/** Writes a collection to a file of its own, all of it or nothing. */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { CollectionInfo } from "../../src/domain/collection.ts";
import { AppError } from "../../src/errors.ts";
import { syncFolder } from "../../src/node/durable/files.ts";
import { isCode } from "../../src/node/files/is-code.ts";
import type { CollectionExport } from "../../src/node/lance/export-documents.ts";
import { toPushLine } from "../../src/stores/push-format.ts";
import type { ChunkProgress } from "../chunk-progress.ts";
import { toEndLine, toHeadLine } from "./export-format.ts";
import { isExportFile } from "./read-export.ts";

const BUFFER_BYTES = 2 ** 20;
/** Behind the name of the file while it is written. */
const PART = /^\.[0-9a-f]{8}\.part$/;
/** Whoever writes one adds to it many times a minute. */
const PART_IDLE_MS_MAX = 15 * 60_000;

export interface ExportReport {
  readonly documents: number;
  readonly chunks: number;
  readonly bytes: number;
}

/**
 * Writes beside the file and puts it in its place when it is whole and on the disk. A file that is there is replaced
 * only where it is an export itself. Throws AppError: invalid_request, not_found, store_full, store_unavailable,
 * collection_unavailable for a damaged collection, the signal's reason.
 */
export async function writeExport(
  source: CollectionExport,
  file: string,
  signal: AbortSignal,
  onProgress: (progress: ChunkProgress) => void,
): Promise<ExportReport> {
  // What a link leads to is replaced, not the link.
  const path = await realpath(file).catch(() => file); // not there yet, or told of below
  await checkPlace(path);
  await removeOldParts(path);
  const temporary = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    const report = await writeLines(temporary, source, signal, onProgress);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return report;
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw toWriteError(thrown, path);
  }
}

async function checkPlace(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined); // not there, or nothing that can be opened
  if (stats === undefined || (stats.isFile() && (await isExportFile(path)))) return;
  throw new AppError("invalid_request", {
    detail: `${path} is there and is no export of a collection; name another file`,
  });
}

/** Those of exports that were killed. Another one may be writing its own just now. */
async function removeOldParts(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = await readdir(folder).catch(() => []); // not there, which is told of below
  for (const part of names) {
    if (!part.startsWith(name) || !PART.test(part.slice(name.length))) continue;
    const stats = await lstat(join(folder, part)).catch(() => undefined); // just gone
    if (stats?.isFile() !== true || Date.now() - stats.mtimeMs < PART_IDLE_MS_MAX) continue;
    await rm(join(folder, part), { force: true }).catch(() => undefined); // not ours to remove
  }
}

/** The file is on the disk when this resolves. */
async function writeLines(
  path: string,
  source: CollectionExport,
  signal: AbortSignal,
  onProgress: (progress: ChunkProgress) => void,
): Promise<ExportReport> {
  const { info } = source;
  const sum = createHash("sha256");
  let [documentsDone, chunksDone] = [0, 0];
  const summed = (text: string): string => {
    const line = `${text}\n`;
    sum.update(line);
    return line;
  };
  async function* toLines(): AsyncGenerator<string> {
    yield summed(toHeadLine(info));
    for await (const document of source.documents()) {
      signal.throwIfAborted();
      yield summed(toPushLine(document));
      documentsDone += 1;
      chunksDone += document.chunks.length;
      onProgress({ documents: info.documents, documentsDone, chunks: info.chunks, chunksDone });
    }
    const counts = { documents: documentsDone, chunks: chunksDone };
    checkCounts(info, counts);
    yield `${toEndLine({ ...counts, sha256: sum.digest("hex") })}\n`;
  }
  const file = createWriteStream(path, { flags: "wx", flush: true, highWaterMark: BUFFER_BYTES });
  await pipeline(toLines(), file);
  return { documents: documentsDone, chunks: chunksDone, bytes: file.bytesWritten };
}

function checkCounts(
  info: CollectionInfo,
  { documents, chunks }: Pick<CollectionInfo, "documents" | "chunks">,
): void {
  if (documents === info.documents && chunks === info.chunks) return;
  throw new AppError("collection_unavailable", {
    detail: `collection ${info.name} holds ${info.documents} documents in ${info.chunks} chunks, of which ${documents} in ${chunks} could be read; pnpm ingest doctor ${info.name} says what is damaged`,
  });
}

function toWriteError(thrown: unknown, path: string): unknown {
  if (isCode(thrown, "ENOENT", "ENOTDIR")) {
    return new AppError("not_found", { detail: `there is no folder ${dirname(path)} to write to` });
  }
  if (isCode(thrown, "ENOSPC", "EDQUOT", "EFBIG")) {
    return new AppError("store_full", {
      detail: `there is no room for ${path}; nothing was left there`,
      cause: thrown,
    });
  }
  if (isCode(thrown, "EACCES", "EPERM", "EROFS", "EIO")) {
    return new AppError("store_unavailable", {
      detail: `${path} cannot be written; check the permissions of its folder`,
      cause: thrown,
    });
  }
  return thrown;
}
