/** Builds the adapters the settings ask for. Vendors are loaded only when a setting needs them. */
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry, type UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { ChatModel, Embedder, Reranker } from "../models/model.ts";
import { protectChat, protectEmbedder, protectReranker } from "../models/protect.ts";
import type { OpenAiClient } from "../models/openai-client.ts";
import { createStaticEmbedder } from "../models/static/static-embedder.ts";
import { createLexicalReranker } from "../retrieval/lexical-rerank.ts";
import type { Rerankers } from "../retrieval/rerank.ts";
import type { WriteStore } from "../stores/store.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import { loadStaticTable } from "./load-static-table.ts";

/** Writes answers when a key of OpenAI itself is given and no model is named. */
const DEFAULT_CHAT_MODEL = "gpt-4.1-mini";

/** The local store in `dataDir`. Throws AppError store_unavailable. */
export async function createStore(config: Config): Promise<WriteStore> {
  const { createLanceStore } = await import("./lance/lance-store.ts");
  return createLanceStore({ uri: config.dataDir, config, clock: systemClock });
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
  upstreams: UpstreamRegistry = createUpstreamRegistry(),
  tracer: Tracer = noTracer,
): Promise<Embedders> {
  const bundled = await createBundled();
  const remote = await createRemoteEmbedder(config, upstreams, tracer);
  const all = remote === undefined ? [bundled] : [bundled, remote];
  return {
    byId: new Map(all.map((embedder) => [embedder.id, embedder])),
    forIngest: remote ?? bundled,
    bundled,
  };
}

async function createBundled(): Promise<Embedder> {
  try {
    return createStaticEmbedder(await loadStaticTable());
  } catch (thrown) {
    throw new AppError("store_unavailable", {
      detail:
        "the bundled embedding table in data/models is missing or damaged; restore it from the project",
      cause: thrown,
    });
  }
}

async function createRemoteEmbedder(
  config: Config,
  upstreams: UpstreamRegistry,
  tracer: Tracer,
): Promise<Embedder | undefined> {
  const { embeddingModel: model } = config;
  if (model === undefined) return undefined;
  const client = await createClient(config, "EMBEDDING_MODEL", tracer);
  const { createOpenAiEmbedder } = await import("../models/openai-embedder.ts");
  const plain = createOpenAiEmbedder({ client, model });
  return protectEmbedder(plain, { config, clock: systemClock, upstreams, tracer });
}

/** The model that writes answers, with its fallbacks; undefined leaves them to extraction. Throws AppError invalid_request. */
export async function createChat(
  config: Config,
  upstreams: UpstreamRegistry = createUpstreamRegistry(),
  tracer: Tracer = noTracer,
): Promise<ChatModel | undefined> {
  const onlyKey = config.openaiApiKey !== undefined && config.openaiBaseUrl === undefined;
  const model = config.chatModel ?? (onlyKey ? DEFAULT_CHAT_MODEL : undefined);
  const { chatModelsFallback: names = [], usageWaitMs } = config;
  if (model === undefined) {
    if (names.length === 0) return undefined;
    throw new AppError("invalid_request", {
      detail: "settings are wrong: CHAT_MODELS_FALLBACK names models, but CHAT_MODEL names none",
    });
  }
  const client = await createClient(config, "CHAT_MODEL", tracer);
  const { createOpenAiChat } = await import("../models/openai-chat.ts");
  const timing = { clock: systemClock, usageWaitMs };
  const fallbackClient =
    names.length === 0 ? client : await createFallbackClient(config, client, tracer);
  const setting = "CHAT_MODELS_FALLBACK";
  return protectChat(
    createOpenAiChat({ client, model, ...timing }),
    names.map((name) =>
      createOpenAiChat({ client: fallbackClient, model: name, setting, ...timing }),
    ),
    { config, clock: systemClock, upstreams, tracer },
  );
}

/** The endpoint of the fallback models, where they have one of their own. */
async function createFallbackClient(
  config: Config,
  client: OpenAiClient,
  tracer: Tracer,
): Promise<OpenAiClient> {
  const { chatFallbackBaseUrl: baseUrl, chatFallbackApiKey: apiKey } = config;
  if (baseUrl === undefined) return client;
  const { createOpenAiClient } = await import("../models/openai-client.ts");
  const settings = { url: "CHAT_FALLBACK_BASE_URL", key: "CHAT_FALLBACK_API_KEY" };
  return createOpenAiClient({ baseUrl, apiKey, settings, tracer });
}

/** Lexical always; `remote` with RERANK_URL; `llm` with a chat model. */
export async function createRerankers(
  config: Config,
  chat?: ChatModel,
  upstreams: UpstreamRegistry = createUpstreamRegistry(),
  tracer: Tracer = noTracer,
): Promise<Rerankers> {
  const rerankers: { -readonly [Mode in keyof Rerankers]: Rerankers[Mode] } = {
    lexical: createLexicalReranker(),
  };
  const remote = await createRemote(config, upstreams, tracer);
  if (remote !== undefined) rerankers.remote = remote;
  if (chat !== undefined) {
    const { createLlmReranker } = await import("../models/llm-rerank.ts");
    rerankers.llm = createLlmReranker(chat);
  }
  return rerankers;
}

async function createRemote(
  config: Config,
  upstreams: UpstreamRegistry,
  tracer: Tracer,
): Promise<Reranker | undefined> {
  const { rerankUrl: url, rerankModel: model, rerankApiKey: apiKey } = config;
  if (url === undefined) return undefined;
  const { createRemoteReranker } = await import("../models/rerank.ts");
  const plain = createRemoteReranker({ url, model, apiKey, tracer });
  return protectReranker(plain, { config, clock: systemClock, upstreams, tracer });
}

async function createClient(
  { openaiApiKey, openaiBaseUrl }: Config,
  setting: string,
  tracer: Tracer,
) {
  if (openaiApiKey === undefined && openaiBaseUrl === undefined) {
    throw new AppError("invalid_request", {
      detail: `settings are wrong: ${setting} names a model, but no endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for another than OpenAI`,
    });
  }
  const { createOpenAiClient } = await import("../models/openai-client.ts");
  return createOpenAiClient({ apiKey: openaiApiKey, baseUrl: openaiBaseUrl, tracer });
}
