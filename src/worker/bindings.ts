/** What the platform hands to the Worker, checked: a binding or a setting that is missing or wrong has its name in the error. */
import { type Config, parseConfig } from "../config.ts";
import type { ObjectBindings, ObjectNamespace } from "./durable/objects.ts";
import type { CollectionRpc, RegistryRpc } from "./durable/protocol.ts";
import { misconfigured } from "./misconfigured.ts";
import { toTexts } from "./to-texts.ts";

/** Files that were deployed beside the Worker. */
export interface Assets {
  fetch(request: string): Promise<Response>;
}

export interface Bindings {
  readonly config: Config;
  /** Absent: the collections are those of LANCE_URL. */
  readonly objects?: ObjectBindings;
  readonly assets: Assets;
}

const MEBIBYTE = 2 ** 20;
/**
 * What is different here unless it is set: requests cannot share a run and have six connections, a Worker has no address
 * that only this machine reaches, and an isolate that takes more than 128 MB is ended with all that runs in it. A run
 * under way takes about 0.3 MB of them, a record 34 KB, the service itself 40 MB.
 */
const DEFAULTS = {
  SHARE_RUNS: "false",
  SEARCH_CONCURRENCY_MAX: "6",
  HOST: "0.0.0.0",
  RUNS_MAX: "200",
  RUN_JOURNAL_BYTES_MAX: String(8 * MEBIBYTE),
  ANSWER_CACHE_BYTES_MAX: String(8 * MEBIBYTE),
  EMBED_CACHE_BYTES_MAX: String(4 * MEBIBYTE),
};
const STORES = ["durable-objects", "lance"];

/** Throws AppError: misconfigured; invalid_request for the value of a setting. */
export function readBindings(env: Readonly<Record<string, unknown>>): Bindings {
  const texts = toTexts(env);
  const config = readConfig(texts);
  const { STORE: store = "durable-objects" } = texts;
  if (!STORES.includes(store)) {
    throw misconfigured(`STORE names no store; there is ${STORES.join(", ")}`);
  }
  if ((store === "lance") !== (config.lanceUrl !== undefined)) {
    const [one, other] =
      store === "lance" ? ["STORE", "LANCE_URL is not set"] : ["LANCE_URL", "STORE is not lance"];
    throw misconfigured(`${one} asks for a LanceDB server, and ${other}`);
  }
  if (store === "lance") return { config, assets: readAssets(env) };
  return {
    config,
    objects: {
      registry: readOwn(env, "REGISTRY", "idFromName") as ObjectNamespace<RegistryRpc>,
      collections: readOwn(env, "COLLECTIONS", "idFromName") as ObjectNamespace<CollectionRpc>,
    },
    assets: readAssets(env),
  };
}

function readAssets(env: Readonly<Record<string, unknown>>): Assets {
  return readOwn(env, "ASSETS", "fetch") as Assets;
}

function readOwn(env: Readonly<Record<string, unknown>>, name: string, ability: string): unknown {
  const otherwise = `the Worker has no binding ${name}; wrangler.toml of the project declares it`;
  return readBinding(env[name], ability, otherwise);
}

function readConfig(texts: Readonly<Record<string, string>>): Config {
  const config = parseConfig({ ...DEFAULTS, ...texts });
  const impossible = [
    [config.shareRuns, "SHARE_RUNS cannot be true: requests do not share their connections here"],
    [config.apiKeysFile, "API_KEYS_FILE cannot be set: there is no file system here; use API_KEYS"],
    [config.runJournalDir, "RUN_JOURNAL_DIR cannot be set: there is no file system here"],
    [config.redisUrl, "REDIS_URL cannot be set: limits are counted by each isolate here"],
    [config.toolsFile, "TOOLS_FILE cannot be set: there is no file system here"],
    [
      config.lanceGateway,
      "LANCE_GATEWAY cannot be true: there are no tables here; Node serves them",
    ],
  ] as const;
  for (const [isSet, why] of impossible) {
    if (isSet !== undefined && isSet !== false) throw misconfigured(why);
  }
  return config;
}

/** A binding of the platform; what it must be able to do is all that can be looked at. Throws AppError: misconfigured, with `otherwise`. */
export function readBinding(binding: unknown, ability: string, otherwise: string): unknown {
  const isThere =
    (typeof binding === "object" || typeof binding === "function") && binding !== null;
  if (isThere && typeof (binding as Record<string, unknown>)[ability] === "function") {
    return binding;
  }
  throw misconfigured(otherwise);
}
