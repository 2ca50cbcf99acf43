/** The application over the Worker's bindings. */
import type { Hono } from "hono";
import { checkTools } from "../agent/check-tools.ts";
import type { Tool } from "../agent/tool.ts";
import { type AppDeps, createApp, toApiFacts } from "../app.ts";
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry, type UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { addApiPages } from "../http/openapi/routes.ts";
import { createRunGate, toGateLimits } from "../http/admission/run-gate.ts";
import type { Env } from "../http/service.ts";
import { createChat, createRemoteEmbedder, createRemoteReranker } from "../models/create-models.ts";
import { createLlmReranker } from "../models/llm-rerank.ts";
import type { ChatModel, Embedder } from "../models/model.ts";
import { protectEmbedder, protectReranker } from "../models/protect.ts";
import { createStaticEmbedder } from "../models/static/static-embedder.ts";
import { createLexicalReranker } from "../retrieval/lexical-rerank.ts";
import type { Rerankers } from "../retrieval/rerank.ts";
import { edgeAnalyse } from "../stores/lance/edge-analyse.ts";
import { createRestStore } from "../stores/lance/rest-store.ts";
import type { ReadStore, WriteStore } from "../stores/store.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import { withLogLevels } from "../telemetry/with-log-levels.ts";
import { withTraceId } from "../telemetry/with-trace-id.ts";
import { createEdgeAccess } from "./open-access.ts";
import { addAdminRoutes } from "./admin.ts";
import { type Bindings, readBindings } from "./bindings.ts";
import { createConsoleLog } from "./console-log.ts";
import { createDurableStore } from "./durable/durable-store.ts";
import { createPushes } from "./durable/pushes.ts";
import { createEdgeTelemetry } from "./edge-telemetry.ts";
import { readAiEmbedder, readAiReranker, readRateLimit, readVectorize } from "./extra-bindings.ts";
import { loadStaticTable } from "./load-table.ts";
import { misconfigured, toMisconfigured } from "./misconfigured.ts";
import { createPageReader } from "./read-page.ts";
import { type WaitUntil, withWaitUntil } from "./with-wait-until.ts";

/** Builds all of it, with tools of one's own where there are any. Throws AppError: misconfigured, store_unavailable. */
export async function createEdgeApp(
  env: Readonly<Record<string, unknown>>,
  waitUntil: WaitUntil,
  tools: readonly Tool[] = [],
): Promise<Hono<Env>> {
  try {
    return await build(env, waitUntil, tools);
  } catch (thrown) {
    throw toMisconfigured(thrown);
  }
}

async function build(
  env: Readonly<Record<string, unknown>>,
  waitUntil: WaitUntil,
  tools: readonly Tool[],
): Promise<Hono<Env>> {
  const upstreams = createUpstreamRegistry();
  const bindings = withVectors(env, readBindings(env), upstreams);
  const writable = createObjectStore(bindings);
  const store = writable ?? createServerStore(bindings, upstreams);
  const deps = await createDeps(env, bindings, { store, upstreams, waitUntil });
  const app = createApp({ ...deps, tools: checkTools(tools, "the tools of the Worker") });
  addApiPages(app, toApiFacts(deps));
  if (writable !== undefined && bindings.objects !== undefined) {
    addAdminRoutes(app, {
      token: bindings.config.adminToken,
      pushes: createPushes({
        ...bindings.objects,
        clock: systemClock,
        vectorBytesMax: bindings.config.objectVectorBytesMax,
      }),
      store: writable,
    });
  }
  return app;
}

/** Whose vectors are searched elsewhere too. */
function withVectors(
  env: Readonly<Record<string, unknown>>,
  bindings: Bindings,
  upstreams: UpstreamRegistry,
): Bindings {
  const log = withLogLevels(createConsoleLog(env), bindings.config.logLevel);
  const vectors = readVectorize(env, bindings.config, { clock: systemClock, log, upstreams });
  if (vectors === undefined) return bindings;
  if (bindings.objects === undefined) {
    throw misconfigured("VECTORIZE_COLLECTIONS is for collections in objects, and STORE is lance");
  }
  return { ...bindings, objects: { ...bindings.objects, vectors } };
}

/** The objects' store, which is pushed to; undefined where the collections are a server's. */
function createObjectStore({ config, objects }: Bindings): WriteStore | undefined {
  if (objects === undefined) return undefined;
  const { freshnessMs } = config;
  return createDurableStore({ ...objects, freshnessMs, clock: systemClock });
}

function createServerStore({ config }: Bindings, upstreams: UpstreamRegistry): ReadStore {
  const { lanceUrl: url } = config;
  if (url === undefined) throw misconfigured("LANCE_URL is not set");
  return createRestStore({ config, url, clock: systemClock, analyse: edgeAnalyse, upstreams });
}

interface Parts {
  readonly store: ReadStore;
  /** Where calls of models and servers are counted. */
  readonly upstreams: UpstreamRegistry;
  readonly waitUntil: WaitUntil;
}

async function createDeps(
  env: Readonly<Record<string, unknown>>,
  { config, assets }: Bindings,
  { store, upstreams, waitUntil }: Parts,
): Promise<AppDeps> {
  const plain = withLogLevels(createConsoleLog(env), config.logLevel);
  const gate = createRunGate({ clock: systemClock, ...toGateLimits(config) });
  const { afterRun, ...telemetry } = createEdgeTelemetry(config, plain, { gate, upstreams });
  const { tracer } = telemetry;
  const log = withTraceId(plain, tracer);
  const access = createEdgeAccess(config);
  const bundled = createStaticEmbedder(await loadStaticTable(assets));
  const { chat, embedders, rerankers } = await createModels(env, config, { upstreams, tracer });
  return {
    config,
    clock: systemClock,
    log,
    store,
    embedders: toMap([bundled, ...embedders]),
    sentenceEmbedder: bundled,
    rerankers,
    gate: withWaitUntil(gate, waitUntil, afterRun),
    losesRuns: true,
    telemetry: { ...telemetry, ...(config.logContent ? { contentLog: log } : {}) },
    tracer,
    readPage: createPageReader(assets),
    keepAlive: waitUntil,
    access,
    requestLimit: readRateLimit(env, config, { clock: systemClock, log }),
    ...(chat === undefined ? {} : { chat }),
  };
}

/** By their ids. Throws AppError misconfigured when two stand for the same vectors. */
function toMap(embedders: readonly Embedder[]): ReadonlyMap<string, Embedder> {
  const map = new Map(embedders.map((one) => [one.id, one]));
  if (map.size === embedders.length) return map;
  throw misconfigured(
    `AI_EMBEDDING_MODEL stands for an embedder that is there already (${[...map.keys()].join(", ")}): unset EMBEDDING_MODEL, or set another AI_EMBEDDER_ID`,
  );
}

interface Watch {
  readonly upstreams: UpstreamRegistry;
  readonly tracer: Tracer;
}

async function createModels(
  env: Readonly<Record<string, unknown>>,
  config: Config,
  { upstreams, tracer }: Watch,
) {
  const chat = await createChat(config, { upstreams, tracer });
  // The runtime ends a request's calls with it, whoever else waits for them.
  const alone = { upstreams, tracer, sharesCalls: false };
  const remote = await createRemoteEmbedder(config, alone);
  const own = readAiEmbedder(env, config);
  const policy = { ...alone, config, clock: systemClock };
  return {
    chat,
    embedders: [
      ...(remote === undefined ? [] : [remote]),
      ...(own === undefined ? [] : [protectEmbedder(own, policy)]),
    ],
    rerankers: await createRerankers(env, config, { chat, upstreams, tracer }),
  };
}

async function createRerankers(
  env: Readonly<Record<string, unknown>>,
  config: Config,
  { chat, upstreams, tracer }: Watch & { readonly chat: ChatModel | undefined },
): Promise<Rerankers> {
  const own = readAiReranker(env, config);
  const remote =
    own === undefined
      ? await createRemoteReranker(config, { upstreams, tracer })
      : protectReranker(own, { config, clock: systemClock, upstreams, tracer });
  return {
    lexical: createLexicalReranker(),
    ...(remote === undefined ? {} : { remote }),
    ...(chat === undefined ? {} : { llm: createLlmReranker(chat) }),
  };
}
