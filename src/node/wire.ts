/** Builds the adapters the settings ask for. Vendors are loaded only when a setting needs them. */
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry, type UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import {
  createRemoteEmbedder,
  createRemoteReranker,
  type EndpointDeps,
} from "../models/create-models.ts";
import { createLlmReranker } from "../models/llm-rerank.ts";
import type { ChatModel, Embedder } from "../models/model.ts";
import type { UpstreamFetch } from "../models/upstream-fetch.ts";
import { createStaticEmbedder } from "../models/static/static-embedder.ts";
import { createLexicalReranker } from "../retrieval/lexical-rerank.ts";
import type { Rerankers } from "../retrieval/rerank.ts";
import { type Log, silentLog } from "../telemetry/log.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import type { LanceStore } from "./lance/lance-store.ts";
import { loadStaticTable } from "./load/load-static-table.ts";

/** The local store in `dataDir`. What its readers bring back after a crash is a warning in the log. Throws AppError store_unavailable. */
export async function createStore(config: Config, log: Log = silentLog): Promise<LanceStore> {
  const { createLanceStore } = await import("./lance/lance-store.ts");
  return createLanceStore({
    uri: config.dataDir,
    config,
    clock: systemClock,
    onRecovered: (collection, lines) =>
      log.warn("collection-recovered", { collection, what: lines.join("; ") }),
  });
}

/** How this process reaches the endpoints of models: over connections they share. */
export function createEndpoints(
  upstreams: UpstreamRegistry = createUpstreamRegistry(),
  tracer: Tracer = noTracer,
): EndpointDeps {
  let loading: Promise<UpstreamFetch> | undefined;
  const load = async (): Promise<UpstreamFetch> => {
    const { createHttpFetch } = await import("./http-fetch.ts");
    return createHttpFetch();
  };
  return { upstreams, tracer, loadSend: () => (loading ??= load()) };
}

export interface Embedders {
  /** All at hand: a collection is searched with the one it was built with. */
  readonly byId: ReadonlyMap<string, Embedder>;
  /** For what is ingested from now on. */
  readonly forIngest: Embedder;
  /** In this process, without a network. */
  readonly bundled: Embedder;
}

/** The bundled embedder, and the endpoint's where EMBEDDING_MODEL names one. Throws AppError: invalid_request, store_unavailable. */
export async function createEmbedders(
  config: Config,
  endpoints: EndpointDeps = createEndpoints(),
): Promise<Embedders> {
  const bundled = createStaticEmbedder(await loadStaticTable());
  const remote = await createRemoteEmbedder(config, endpoints);
  const all = remote === undefined ? [bundled] : [bundled, remote];
  return {
    byId: new Map(all.map((embedder) => [embedder.id, embedder])),
    forIngest: remote ?? bundled,
    bundled,
  };
}

/** Lexical always; `remote` with RERANK_URL; `llm` with a chat model. */
export async function createRerankers(
  config: Config,
  chat?: ChatModel,
  endpoints: EndpointDeps = createEndpoints(),
): Promise<Rerankers> {
  const remote = await createRemoteReranker(config, endpoints);
  return {
    lexical: createLexicalReranker(),
    ...(remote === undefined ? {} : { remote }),
    ...(chat === undefined ? {} : { llm: createLlmReranker(chat) }),
  };
}
