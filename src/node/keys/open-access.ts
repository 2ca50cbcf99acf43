/** Which keys the service asks for, from the settings; and that it does not stand open to others by accident. */
import { join } from "node:path";
import { type Access, createAccess, type KeySource } from "../../access/access.ts";
import type { Counts } from "../../access/counts.ts";
import { type KeyEntry, parseKeyList } from "../../access/key-list.ts";
import { systemClock } from "../../async/clock.ts";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { isLoopback } from "../../http/guards/access-guard.ts";
import type { Log } from "../../telemetry/log.ts";
import { isFolder } from "../files/is-folder.ts";
import { readKeyFile, watchKeyFile } from "./key-file.ts";

/** Where keys are kept; undefined when the store is no folder and no setting says where. */
export function toKeyFile({ apiKeysFile, dataDir }: Pick<Config, "apiKeysFile" | "dataDir">) {
  return apiKeysFile ?? (isFolder(dataDir) ? join(dataDir, "keys.json") : undefined);
}

/**
 * The access of those who hold keys, which may be none yet; undefined where none are ever asked for.
 * `counts`: what keys have used up; absent: counted in this process. Throws AppError
 * invalid_request: for keys that cannot be read, and for an open address that others reach.
 */
export async function openAccess(
  config: Config,
  log: Log,
  counts?: Counts,
): Promise<Access | undefined> {
  if (config.auth === "off") return undefined;
  const source = await openSource(config, log);
  if (source.isOff === true && !isLoopback(config.host)) {
    throw new AppError("invalid_request", {
      detail: `HOST is ${config.host}, which others reach, and there are no keys: create one with pnpm run keys create --name NAME (node src/node/keys.ts create --name NAME where there is no pnpm, as in the image), or set AUTH=off where something else asks who they are`,
    });
  }
  return createAccess({ source, clock: systemClock, counts });
}

async function openSource(config: Config, log: Log): Promise<KeySource> {
  const fixed: readonly KeyEntry[] =
    config.apiKeys === undefined ? [] : parseKeyList(config.apiKeys, "API_KEYS");
  const path = toKeyFile(config);
  if (path === undefined)
    return { keys: fixed, isStale: false, isOff: config.apiKeys === undefined };
  if ((await readKeyFile(path)) !== undefined) {
    return watchKeyFile(path, fixed, { clock: systemClock, log });
  }
  if (config.apiKeysFile !== undefined) {
    throw new AppError("invalid_request", {
      detail: `settings are wrong: API_KEYS_FILE: there is no file ${path}; pnpm run keys create --name NAME makes it`,
    });
  }
  if (config.apiKeys !== undefined) return { keys: fixed, isStale: false };
  // The first key of a running service makes the file.
  return watchKeyFile(path, fixed, { clock: systemClock, log });
}
