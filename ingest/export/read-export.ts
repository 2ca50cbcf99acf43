/** Reads the file of an exported collection: first whether it is whole, then its documents. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../../src/errors.ts";
import { parsePushLine } from "../../src/stores/push-format.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";
import { toReadProblem } from "../files/read-regular.ts";
import { type ExportHead, parseEnd, parseHead } from "./export-format.ts";

const READ_BYTES = 2 ** 20;
const LINE_BREAK = 0x0a;
/** A first line is shorter, unless it is of something else. */
const HEAD_BYTES_MAX = 2 ** 16;

export interface ExportFile extends AsyncDisposable {
  readonly head: ExportHead;
  /** Every document once, in the order of the file. */
  documents(): AsyncGenerator<DocumentWrite>;
}

/**
 * Opens the file and reads it once, so that nothing is taken from one that was cut or changed. Throws AppError:
 * not_found, invalid_request for what is no export, collection_unavailable for one that is not whole, the signal's reason.
 */
export async function openExportFile(path: string, signal: AbortSignal): Promise<ExportFile> {
  const file = await openFile(path);
  try {
    const head = await readHead(file, path);
    await checkWhole(file, head, path, signal);
    return {
      head,
      documents: () => readDocuments(file, head),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** Does the file begin as an export does? */
export async function isExportFile(path: string): Promise<boolean> {
  await using file = await openFile(path);
  return (await readHeadLine(file)) !== undefined;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    const { message } = toReadProblem(path, cause);
    throw new AppError("not_found", { detail: message, cause });
  }
  throw new AppError("invalid_request", { detail: `${path} is no file` });
}

async function readHead(file: FileHandle, path: string): Promise<ExportHead> {
  const head = await readHeadLine(file);
  if (head === undefined) {
    throw new AppError("invalid_request", {
      detail: `${path} is no export of a collection; documents are ingested with: pnpm ingest ${path} --collection NAME`,
    });
  }
  if (head !== "newer") return head;
  throw new AppError("invalid_request", {
    detail: `${path} was exported by a newer version of the program; use that version`,
  });
}

async function readHeadLine(file: FileHandle): Promise<ReturnType<typeof parseHead>> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES_MAX), 0, HEAD_BYTES_MAX, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(LINE_BREAK);
  return end === -1 ? undefined : parseHead(buffer.toString("utf8", 0, end));
}

async function checkWhole(
  file: FileHandle,
  head: ExportHead,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const sum = createHash("sha256");
  let last: Buffer | undefined;
  let lines = 0;
  for await (const line of readLines(file)) {
    signal.throwIfAborted();
    lines += 1;
    if (last !== undefined) sum.update(last).update("\n");
    last = line;
  }
  const end = parseEnd(last?.toString("utf8") ?? "");
  const isWhole =
    end?.sha256 === sum.digest("hex") &&
    end.documents === head.documents &&
    lines === head.documents + 2 &&
    end.chunks === head.chunks;
  if (isWhole) return;
  throw new AppError("collection_unavailable", {
    detail: `${path} ${end === undefined ? "was cut short" : "is not what was exported"}; nothing was taken from it: copy or export it again`,
  });
}

async function* readDocuments(file: FileHandle, head: ExportHead): AsyncGenerator<DocumentWrite> {
  let number = -1;
  for await (const line of readLines(file)) {
    number += 1;
    if (number === 0) continue;
    if (number > head.documents) return;
    const place = `line ${number + 1} of the file`;
    const document = parsePushLine(line.toString("utf8"), place);
    checkVectors(document, head.spec.dimensions, place);
    yield document;
  }
}

/** The store would refuse it too, as what an endpoint sent: that says neither where it is nor whose fault. */
function checkVectors({ chunks }: DocumentWrite, dimensions: number, place: string): void {
  for (const { chunk, vector } of chunks) {
    if (vector === undefined) continue;
    const isWhole = vector.length === dimensions && vector.every(Number.isFinite);
    if (isWhole && vector.some((value) => value !== 0)) continue;
    throw new AppError("invalid_request", {
      detail: `${place}: chunk ${chunk.id} has a vector that is not ${dimensions} finite numbers other than zeros; export the collection again`,
    });
  }
}

/** The lines from the beginning of the file on, without their line breaks. */
async function* readLines(file: FileHandle): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for (let at = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    let rest = buffer.subarray(0, bytesRead);
    for (let end = rest.indexOf(LINE_BREAK); end !== -1; end = rest.indexOf(LINE_BREAK)) {
      yield Buffer.concat([...parts, rest.subarray(0, end)]);
      parts = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) parts.push(rest);
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
