/** What everything around one LanceDB folder shares: the connection, the slots for native calls, the settings. */
import type { Connection, Table } from "@lancedb/lancedb";
import type { Clock } from "../../async/clock.ts";
import { createLimiter, type Limiter } from "../../async/limiter.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Config } from "../../config.ts";
import { parsePairs } from "../../config/pairs.ts";
import { collectionNotFound, ifThere } from "../../stores/check.ts";
import { checkTempFolder } from "../files/check-temp-folder.ts";
import { isFolder } from "../files/is-folder.ts";
import { lancedb } from "./native.ts";
import { checkStore } from "./place.ts";
import { createQuestionTerms, type QuestionTerms } from "./question-terms.ts";
import { createResidents, type Residents } from "./residents.ts";
import { isMissing, toStoreError } from "./store-error.ts";

export interface LanceOptions {
  /** A folder, or s3://, gs://, az://; db:// with `server` alone. */
  readonly uri: string;
  readonly config: Config;
  readonly clock: Clock;
  /** Small collections in memory; by default a memory of its own, of the size in the settings. */
  readonly residents?: Residents;
  /** Told, a line each, of what was wrong with a table that a reader brought back, and of what is missing then. */
  readonly onRecovered?: ((collection: string, lines: readonly string[]) => void) | undefined;
  /** Where `db://` is: tests read through LanceDB's own client so. The service reads a server by `rest-store.ts`. */
  readonly server?: LanceServer;
}

export interface LanceServer {
  readonly url: string;
  readonly apiKey: string;
}

export interface LanceBase extends LanceOptions {
  readonly connection: Connection;
  readonly limiter: Limiter;
  readonly residents: Residents;
  readonly questionTerms: QuestionTerms;
  /** Is the store a folder of this machine? */
  readonly local: boolean;
  /** Has this process found any table there? */
  readonly seen: { tables: boolean };
  /** Opens the table at a version, as a handle that no other moves. */
  openAt(table: string, version: number): Promise<Table>;
}

/** Share of the cache that holds file metadata; the rest holds parts of indexes. */
const METADATA_CACHE_SHARE = 0.25;

/** Connects. Throws AppError store_unavailable. */
export async function connectLance(options: LanceOptions): Promise<LanceBase> {
  const { uri, config } = options;
  const bytes = config.storeCacheBytesMax;
  const metadataBytes = Math.floor(bytes * METADATA_CACHE_SHARE);
  await checkTempFolder();
  const session = new lancedb.Session(BigInt(bytes - metadataBytes), BigInt(metadataBytes));
  const limiter = createLimiter({
    concurrencyMax: config.storeConcurrencyMax,
    queueMax: config.storeQueueMax,
  });
  try {
    const connect = () => lancedb.connect(uri, toConnectionOptions(options), session);
    const connection = await connect();
    const { residents = createResidents(config.residentBytesMax) } = options;
    const local = isFolder(uri);
    return {
      ...options,
      connection,
      limiter,
      residents,
      questionTerms: createQuestionTerms(),
      local,
      seen: { tables: false },
      async openAt(table, version) {
        // One connection to a server has one handle of a table, and whoever checks out a version moves it for all.
        const own = options.server === undefined ? connection : await connect();
        return own.openTable(table, [], { version });
      },
    };
  } catch (thrown) {
    throw toStoreError(thrown, undefined);
  }
}

function toConnectionOptions(options: LanceOptions): Partial<lancedb.ConnectionOptions> {
  const { server, config } = options;
  if (server !== undefined) return { apiKey: server.apiKey, hostOverride: server.url };
  return { storageOptions: parsePairs(config.storeOptions ?? "") ?? {} };
}

/**
 * One native call. It cannot be aborted, so its slot is held until it has settled, while the caller is let
 * go at once when the signal aborts; a late result is dropped. `collection`: undefined for the store as a whole.
 */
export async function callNative<T>(
  { limiter }: Pick<LanceBase, "limiter">,
  collection: string | undefined,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await untilAborted(limiter(work, signal), signal);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason as Error;
    throw toStoreError(thrown, collection);
  }
}

/** Whether there is such a table; a damaged one is an error, as for `openTable`. */
export async function isThere(
  base: LanceBase,
  place: { readonly collection: string; readonly table: string },
): Promise<boolean> {
  return (await ifThere(openTable(base, place))) !== undefined;
}

/** Opens the newest version. That it opens is what makes a collection exist: listings also show what crashes left. */
export async function openTable(
  base: LanceBase,
  { collection, table }: { readonly collection: string; readonly table: string },
): Promise<Table> {
  try {
    const opened = await base.connection.openTable(table);
    base.seen.tables = true;
    return opened;
  } catch (thrown) {
    if (!isMissing(thrown)) throw toStoreError(thrown, collection);
  }
  try {
    await checkStore(base);
  } catch (thrown) {
    throw toStoreError(thrown, collection);
  }
  throw collectionNotFound(collection);
}
