/** The store that is read: the folder's, or that of the LanceDB server which LANCE_URL names. */
import { systemClock } from "../async/clock.ts";
import type { UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import type { LanceTables } from "../http/lance/tables.ts";
import { createRestStore } from "../stores/lance/rest-store.ts";
import type { ReadStore } from "../stores/store.ts";
import type { Log } from "../telemetry/log.ts";
import { createStore } from "./wire.ts";

export interface OpenStore {
  readonly store: ReadStore;
  /** What LanceDB's clients are served; absent where another server has the tables. */
  readonly tables?: LanceTables;
}

/** Throws AppError store_unavailable for a folder that cannot be used; of a server nothing is asked yet. */
export async function openStore(
  config: Config,
  upstreams: UpstreamRegistry,
  log: Log,
): Promise<OpenStore> {
  const { lanceUrl: url } = config;
  if (url === undefined) {
    const store = await createStore(config, log);
    return { store, tables: store.tables };
  }
  const { createNativeAnalyse } = await import("./lance/native-analyse.ts");
  const analyse = createNativeAnalyse();
  return { store: createRestStore({ config, url, clock: systemClock, analyse, upstreams }) };
}
