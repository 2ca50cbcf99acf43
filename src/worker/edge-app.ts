/** The application over the Worker's bindings. */
import type { Hono } from "hono";
import { checkTools } from "../agent/check-tools.ts";
import type { Tool } from "../agent/tool.ts";
import { type AppDeps, createApp, toApiFacts } from "../app.ts";
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { addApiPages } from "../http/openapi/routes.ts";
import { createRunGate } from "../http/run-gate.ts";
import type { Env } from "../http/service.ts";
import { noTelemetry } from "../http/telemetry.ts";
import { AppError } from "../errors.ts";
import { createChat, createRemoteEmbedder, createRemoteReranker } from "../models/create-models.ts";
import { createLlmReranker } from "../models/llm-rerank.ts";
import type { ChatModel } from "../models/model.ts";
import { createStaticEmbedder } from "../models/static/static-embedder.ts";
import { createLexicalReranker } from "../retrieval/lexical-rerank.ts";
import type { Rerankers } from "../retrieval/rerank.ts";
import type { WriteStore } from "../stores/store.ts";
import { createMeterRegistry } from "../telemetry/registry.ts";
import { noTracer } from "../telemetry/tracer.ts";
import { withLogLevels } from "../telemetry/with-log-levels.ts";
import { createEdgeAccess } from "./access.ts";
import { addAdminRoutes } from "./admin.ts";
import { type Bindings, misconfigured, readBindings } from "./bindings.ts";
import { createConsoleLog } from "./console-log.ts";
import { createDurableStore } from "./durable/durable-store.ts";
import { createPushes } from "./durable/pushes.ts";
import { loadStaticTable } from "./load-table.ts";
import { type WaitUntil, withWaitUntil } from "./with-wait-until.ts";

/** Builds all of it, with tools of one's own where there are any. Throws AppError: misconfigured, store_unavailable. */
export async function createEdgeApp(
  env: Readonly<Record<string, unknown>>,
  waitUntil: WaitUntil,
  tools: readonly Tool[] = [],
): Promise<Hono<Env>> {
  const bindings = readBindings(env);
  const store = createStore(bindings);
  const deps = await createDeps(bindings, store, waitUntil);
  const app = createApp({ ...deps, tools: checkTools(tools, "the tools of the Worker") });
  addApiPages(app, toApiFacts(deps));
  addAdminRoutes(app, {
    token: bindings.config.adminToken,
    pushes: createPushes({
      ...bindings.objects,
      clock: systemClock,
      vectorBytesMax: bindings.config.objectVectorBytesMax,
    }),
    store,
  });
  return app;
}

function createStore({ config, objects }: Bindings): WriteStore {
  const { freshnessMs } = config;
  return createDurableStore({ ...objects, freshnessMs, clock: systemClock });
}

async function createDeps(
  { config, assets }: Bindings,
  store: WriteStore,
  waitUntil: WaitUntil,
): Promise<AppDeps> {
  const log = withLogLevels(createConsoleLog(), config.logLevel);
  const access = createEdgeAccess(config);
  const bundled = createStaticEmbedder(await loadStaticTable(assets));
  const { chat, embedder, rerankers } = await createModels(config);
  const all = embedder === undefined ? [bundled] : [bundled, embedder];
  return {
    config,
    clock: systemClock,
    log,
    store,
    embedders: new Map(all.map((one) => [one.id, one])),
    sentenceEmbedder: bundled,
    rerankers,
    gate: withWaitUntil(createGate(config), waitUntil),
    telemetry: createTelemetry(config),
    ...(access === undefined ? {} : { access }),
    ...(chat === undefined ? {} : { chat }),
  };
}

function createGate(config: Config) {
  return createRunGate({
    clock: systemClock,
    runsMax: config.runsMax,
    queueMax: config.runQueueMax,
    queueTimeoutMs: config.runQueueTimeoutMs,
    callerRunsMax: config.callerRunsMax,
  });
}

/** Metrics are those of one isolate. */
function createTelemetry({ metrics }: Config) {
  if (!metrics) return noTelemetry;
  const meter = createMeterRegistry();
  return { meter, tracer: noTracer, render: () => meter.render() };
}

async function createModels(config: Config) {
  const upstreams = createUpstreamRegistry();
  try {
    const chat = await createChat(config, upstreams);
    return {
      chat,
      embedder: await createRemoteEmbedder(config, upstreams, noTracer),
      rerankers: await createRerankers(config, chat),
    };
  } catch (thrown) {
    if (thrown instanceof AppError)
      throw misconfigured(thrown.message.replace("settings are wrong: ", ""), thrown);
    throw thrown;
  }
}

async function createRerankers(config: Config, chat: ChatModel | undefined): Promise<Rerankers> {
  const remote = await createRemoteReranker(config, createUpstreamRegistry(), noTracer);
  return {
    lexical: createLexicalReranker(),
    ...(remote === undefined ? {} : { remote }),
    ...(chat === undefined ? {} : { llm: createLlmReranker(chat) }),
  };
}
