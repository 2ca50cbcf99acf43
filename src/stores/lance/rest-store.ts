/** The collections of a LanceDB server, read over HTTP: LanceDB Cloud or Enterprise, or a service with LANCE_GATEWAY. */
import pMap from "p-map";
import type { Clock } from "../../async/clock.ts";
import { createLru } from "../../async/lru.ts";
import { createUpstreamRegistry, type UpstreamRegistry } from "../../async/upstream-stats.ts";
import type { Config } from "../../config.ts";
import { COLLECTION_NAME } from "../../domain/collection.ts";
import { AppError, type ErrorCode } from "../../errors.ts";
import { checkName } from "../check.ts";
import type { ReadStore, Snapshot } from "../store.ts";
import { type Analyse, createRestSnapshot } from "./rest-snapshot.ts";
import { createServerCall } from "./server-call.ts";
import { createServerTables, type ServerTables } from "./server-tables.ts";
import { INSTANCE_KEY, parseSpec, SPEC_KEY } from "./stored-spec.ts";

export interface RestStoreOptions {
  readonly config: Config;
  /** LANCE_URL. */
  readonly url: string;
  readonly clock: Clock;
  readonly analyse: Analyse;
  readonly upstreams?: UpstreamRegistry;
}

/** Collections of which something is remembered. */
const KNOWN_MAX = 1_000;
const LOOKS_AT_ONCE = 4;

interface Known {
  readonly snapshot: Snapshot;
  readonly checkedAtMs: number;
}

/** Creates the store. Nothing is asked before it is. A commit is seen after `config.freshnessMs` at the latest. */
export function createRestStore(options: RestStoreOptions): ReadStore {
  const { config, clock, upstreams = createUpstreamRegistry() } = options;
  const tables = createServerTables(createServerCall({ ...options, upstreams }));
  const known = createLru<Known>({ entriesMax: KNOWN_MAX, bytesMax: Infinity });
  let listed: { readonly names: readonly string[]; readonly atMs: number } | undefined;

  const open = async (name: string, signal: AbortSignal): Promise<Snapshot> => {
    signal.throwIfAborted();
    checkName(name);
    const before = known.get(name);
    const checkedAtMs = clock.now();
    if (before !== undefined && checkedAtMs - before.checkedAtMs < config.freshnessMs) {
      return before.snapshot;
    }
    try {
      const snapshot = await look(options, tables, name, { before: before?.snapshot, signal });
      known.set(name, { snapshot, checkedAtMs }, 0);
      return snapshot;
    } catch (thrown) {
      known.delete(name);
      throw thrown;
    }
  };

  return {
    kind: `lancedb ${new URL(options.url).host}`,
    open,
    async list(signal) {
      signal.throwIfAborted();
      const atMs = clock.now();
      if (listed !== undefined && atMs - listed.atMs < config.freshnessMs) return listed.names;
      const all = (await tables.list(signal)).filter((name) => COLLECTION_NAME.test(name));
      const isOurs = await pMap(all, (name) => isCollection(open, name, signal), {
        concurrency: LOOKS_AT_ONCE,
      });
      const names = all.filter((_, index) => isOurs[index] === true).toSorted();
      listed = { names, atMs };
      return names;
    },
    forget(name) {
      known.delete(name);
      listed = undefined;
    },
  };
}

/** What says something of the server, and not of one collection. */
const OF_THE_SERVER: ReadonlySet<ErrorCode> = new Set([
  "store_unavailable",
  "misconfigured",
  "overloaded",
]);

/** Tables of others are no collections, and one that was dropped meanwhile is none. */
async function isCollection(
  open: ReadStore["open"],
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await open(name, signal);
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof AppError) || OF_THE_SERVER.has(thrown.code)) throw thrown;
    return false;
  }
}

interface Look {
  readonly before: Snapshot | undefined;
  readonly signal: AbortSignal;
}

/** The collection at its newest version; the snapshot before where nothing was committed. */
async function look(
  { config, clock, analyse }: RestStoreOptions,
  tables: ServerTables,
  name: string,
  { before, signal }: Look,
): Promise<Snapshot> {
  const { version, metadata } = await tables.describe(name, signal);
  const instance = metadata[INSTANCE_KEY];
  if (before?.info.version === version && before.instance === instance) return before;
  const spec = parseSpec(metadata[SPEC_KEY], name);
  const at = { table: name, version };
  const [chunks, documents] = await Promise.all([
    tables.count(at, undefined, signal),
    tables.count(at, "position = 0", signal),
  ]);
  const info = { ...spec, version, chunks, documents };
  const { takeTimeoutMs, freshnessMs } = config;
  const parts = { tables, info, analyse, takeTimeoutMs, clock, freshnessMs };
  const snapshot = createRestSnapshot(parts);
  return instance === undefined ? snapshot : { ...snapshot, instance };
}
