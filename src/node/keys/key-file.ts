/** The file of keys: read, written as a whole, and watched for changes. */
import { readFile, stat } from "node:fs/promises";
import type { KeySource } from "../../access/access.ts";
import { type KeyEntry, parseKeyList, toKeyList } from "../../access/key-list.ts";
import type { Clock } from "../../async/clock.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import { replaceFile } from "../durable/files.ts";
import { isCode, toReason } from "../files/is-code.ts";

/** Only its owner reads or writes it. */
const MODE = 0o600;
/** How soon a change is seen. A file system's own notices are lost on some mounts, and looking is cheap. */
const LOOK_MS = 500;
/** The mark of a file that is not there. */
const GONE = "gone";

/** The keys in the file; undefined when there is none. Throws AppError invalid_request. */
export async function readKeyFile(path: string): Promise<readonly KeyEntry[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (isCode(thrown, "ENOENT")) return undefined;
    throw new AppError("invalid_request", {
      detail: `the file of keys ${path} cannot be read (${toReason(thrown)})`,
      cause: thrown,
    });
  }
  return parseKeyList(text, `the file of keys ${path}`);
}

/** Replaces the file at once: whoever reads it sees the old list or the new one. */
export async function writeKeyFile(path: string, keys: readonly KeyEntry[]): Promise<void> {
  try {
    await replaceFile(path, toKeyList(keys), MODE);
  } catch (thrown) {
    throw new AppError("invalid_request", {
      detail: `the file of keys ${path} cannot be written (${toReason(thrown)})`,
      cause: thrown,
    });
  }
}

export interface WatchDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The keys of the file, as it changes, behind `fixed` ones. As long as there has never been a file, no keys
 * are asked for; a first one that cannot be read lets nobody pass. What cannot be read is logged once, is tried
 * again and changes nothing meanwhile: the last good list counts. Ends with the result's `stop`.
 */
export async function watchKeyFile(
  path: string,
  fixed: readonly KeyEntry[],
  { clock, log }: WatchDeps,
): Promise<KeySource & { readonly stop: () => void }> {
  let mark = await toMark(path);
  let keys = [...fixed, ...((await readKeyFile(path)) ?? [])];
  let isStale = false;
  let isOff = mark === GONE;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const seen = await toMark(path);
    const isNew = seen !== mark;
    if (!isNew && !isStale) return;
    mark = seen;
    isOff = false;
    try {
      const own = await readKeyFile(path);
      if (own === undefined) throw new AppError("invalid_request", { detail: "the file is gone" });
      keys = [...fixed, ...own];
      isStale = false;
      log.info("keys-changed", { keys: keys.length });
    } catch (thrown) {
      isStale = true;
      if (isNew) log.error("keys-not-read", thrown, { kept: keys.length });
    }
  };
  let cancel = (): void => undefined;
  const schedule = (): void => {
    if (isStopped) return;
    cancel = clock.timer(LOOK_MS, () => void look().finally(schedule));
  };
  schedule();
  return {
    get keys() {
      return keys;
    },
    get isStale() {
      return isStale;
    },
    get isOff() {
      return isOff;
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

/** Differs when the file was replaced or written to. */
async function toMark(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch {
    return GONE; // reading it says why
  }
}
