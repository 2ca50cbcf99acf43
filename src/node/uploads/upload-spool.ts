/** Bodies of uploads on their way to the store: files of this process's own folder, gone with the upload or at the next start. */
import { randomUUID } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import type { Upload } from "../../http/uploads/document-writer.ts";
import { isFolder } from "../files/is-folder.ts";
import { isRunning } from "../process/is-running.ts";
import { makeFolder } from "../files/make-folder.ts";
import { toWriteError } from "../files/write-error.ts";

const HEAD_BYTES = 4_096;
/** Process and host, and an id of its own. */
const NAME = /^(\d+)-(?:(.+)-)?[0-9a-f-]{36}$/;
/** Nobody waits for an upload so long: whoever received it is gone. */
const ABANDONED_MS = 86_400_000;

export interface UploadSpool {
  /** Throws AppError: payload_too_large, cancelled, store_full, store_read_only, store_unavailable; nothing is left then. */
  receive(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Upload>;
}

/** Removes what processes that are gone have left in the folder. The folder is made by the first upload: questions are answered over a store that may only be read, too. */
export async function createUploadSpool(dataDir: string): Promise<UploadSpool> {
  const folder = isFolder(dataDir) ? join(dataDir, "uploads") : join(tmpdir(), "tributary-uploads");
  for (const name of (await readdir(folder).catch(passRefused)) ?? []) {
    const path = join(folder, name);
    if (await isLeft(name, path)) await rm(path, { force: true }).catch(passRefused);
  }
  return {
    async receive(body, bytesMax) {
      await makeFolder(folder).catch(refuseDisk);
      const path = join(folder, `${process.pid}-${hostname()}-${randomUUID()}`);
      const discard = (): Promise<void> => rm(path, { force: true }).catch(passRefused);
      try {
        return { ...(await write(path, body, bytesMax)), path, discard };
      } catch (thrown) {
        await discard();
        throw thrown;
      }
    },
  };
}

/** Is there nobody any more who receives it? In containers that share a folder every process has the same id. */
async function isLeft(name: string, path: string): Promise<boolean> {
  const [isUpload, pid, host] = NAME.exec(name) ?? [];
  if (isUpload === undefined) return false;
  if (host === hostname()) return Number(pid) === process.pid || !isRunning(Number(pid));
  const stats = await stat(path).catch(passRefused);
  return stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS; // else it has just ended
}

async function write(path: string, body: AsyncIterable<Uint8Array>, bytesMax: number) {
  await using file = await open(path, "wx", 0o600).catch(refuseDisk);
  const head = new Uint8Array(HEAD_BYTES);
  let bytes = 0;
  for await (const part of whole(body)) {
    if (bytes < HEAD_BYTES) head.set(part.subarray(0, HEAD_BYTES - bytes), bytes);
    bytes += part.length;
    if (bytes > bytesMax) {
      const detail = `a document may have at most ${bytesMax} bytes`;
      throw new AppError("payload_too_large", { detail });
    }
    await file.writeFile(part).catch(refuseDisk);
  }
  return { bytes, head: head.subarray(0, bytes) };
}

/** The body's parts; one that breaks off is no document, and what a form says of itself stays. */
async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("cancelled", { detail: "the body broke off", cause: thrown });
  }
}

/** What is not there, or may not be looked at or removed, stays as it is; an upload is told why it cannot be taken. */
function passRefused(thrown: unknown): undefined {
  if (!(thrown instanceof Error && "code" in thrown)) throw thrown;
}

function refuseDisk(cause: unknown): never {
  const detail = "the upload cannot be written to the store's folder; send it again";
  throw toWriteError(cause) ?? new AppError("store_unavailable", { detail, cause });
}
