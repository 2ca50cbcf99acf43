/** Builds the models of endpoints that the settings ask for, for every runtime. Vendors are loaded only when a setting needs them. */
import { systemClock } from "../async/clock.ts";
import { createUpstreamRegistry, type UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { parsePairs } from "../config/pairs.ts";
import { AppError } from "../errors.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import type { ChatModel, Embedder, Reranker } from "./model.ts";
import type { OpenAiClient, OpenAiClientOptions } from "./openai-client.ts";
import { protectChat, protectEmbedder, protectReranker } from "./protect.ts";
import type { EndpointLine, UpstreamFetch } from "./upstream-fetch.ts";

/** Writes answers when a key of OpenAI itself is given and no model is named. */
const DEFAULT_CHAT_MODEL = "gpt-4.1-mini";

/** How endpoints are reached, and where what they do is counted. */
export interface EndpointDeps {
  readonly upstreams: UpstreamRegistry;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
  /** Loads what carries requests, once there is an endpoint. Absent: the runtime's own `fetch`. */
  readonly loadSend?: () => Promise<UpstreamFetch>;
  /** False where a call ends with the request that made it, so that no other may wait for it. */
  readonly sharesCalls?: boolean;
}

/** The endpoint's embedder where EMBEDDING_MODEL names one. Throws AppError invalid_request. */
export async function createRemoteEmbedder(
  config: Config,
  deps: EndpointDeps,
): Promise<Embedder | undefined> {
  const { embeddingModel: model } = config;
  if (model === undefined) return undefined;
  const client = await createEmbeddingClient(config, deps);
  const { createOpenAiEmbedder } = await import("./openai-embedder.ts");
  const { embeddingQueryPrefix: query, embeddingDocumentPrefix: document } = config;
  const plain = createOpenAiEmbedder({ client, model, prefixes: { query, document } });
  return protectEmbedder(plain, toPolicy(config, deps));
}

/** The model that writes answers, with its fallbacks; undefined leaves them to extraction. Throws AppError invalid_request. */
export async function createChat(
  config: Config,
  deps: EndpointDeps = { upstreams: createUpstreamRegistry() },
): Promise<ChatModel | undefined> {
  const onlyKey = config.openaiApiKey !== undefined && config.openaiBaseUrl === undefined;
  const model = config.chatModel ?? (onlyKey ? DEFAULT_CHAT_MODEL : undefined);
  const { chatModelsFallback: names = [], usageWaitMs, flushIntervalMs } = config;
  if (model === undefined) {
    if (names.length === 0) return undefined;
    throw new AppError("invalid_request", {
      detail: "settings are wrong: CHAT_MODELS_FALLBACK names models, but CHAT_MODEL names none",
    });
  }
  const client = await createClient(config, "CHAT_MODEL", deps);
  const { createOpenAiChat } = await import("./openai-chat.ts");
  const timing = {
    clock: systemClock,
    usageWaitMs,
    deltaIntervalMs: flushIntervalMs,
    responseFormat: config.chatResponseFormat,
  };
  const fallbackClient =
    names.length === 0 ? client : await createFallbackClient(config, client, deps);
  const setting = "CHAT_MODELS_FALLBACK";
  return protectChat(
    createOpenAiChat({ client, model, ...timing }),
    names.map((name) =>
      createOpenAiChat({ client: fallbackClient, model: name, setting, ...timing }),
    ),
    toPolicy(config, deps),
  );
}

/** The endpoint of the fallback models, where they have one of their own. */
async function createFallbackClient(
  { chatFallbackBaseUrl: baseUrl, chatFallbackApiKey: apiKey }: Config,
  client: OpenAiClient,
  deps: EndpointDeps,
): Promise<OpenAiClient> {
  if (baseUrl === undefined) return client;
  const settings = { url: "CHAT_FALLBACK_BASE_URL", key: "CHAT_FALLBACK_API_KEY" };
  return openClient({ baseUrl, apiKey, settings }, deps);
}

/** The endpoint of embeddings, where they have one of their own. */
async function createEmbeddingClient(config: Config, deps: EndpointDeps): Promise<OpenAiClient> {
  const { embeddingBaseUrl: baseUrl, embeddingApiKey: apiKey } = config;
  if (baseUrl === undefined) {
    return createClient(config, "EMBEDDING_MODEL", deps, "EMBEDDING_BASE_URL");
  }
  const settings = { url: "EMBEDDING_BASE_URL", key: "EMBEDDING_API_KEY" };
  return openClient({ baseUrl, apiKey, settings }, deps);
}

/** The reranker at RERANK_URL, where that is set. */
export async function createRemoteReranker(
  config: Config,
  deps: EndpointDeps,
): Promise<Reranker | undefined> {
  const { rerankUrl: url, rerankModel: model, rerankApiKey: apiKey } = config;
  if (url === undefined) return undefined;
  const vendor = await import("./rerank.ts");
  const plain = vendor.createRemoteReranker({ ...(await openLine(deps)), url, model, apiKey });
  return protectReranker(plain, toPolicy(config, deps));
}

function toPolicy(
  config: Config,
  { upstreams, tracer = noTracer, sharesCalls = true }: EndpointDeps,
) {
  return { config, clock: systemClock, upstreams, tracer, sharesCalls };
}

async function openLine({ tracer, loadSend }: EndpointDeps): Promise<EndpointLine> {
  return {
    ...(tracer === undefined ? {} : { tracer }),
    ...(loadSend === undefined ? {} : { send: await loadSend() }),
  };
}

/** The common endpoint, for the model that `setting` names; `elsewhere` would name another one for it. */
async function createClient(
  { openaiApiKey, openaiBaseUrl, openaiHeaders = "" }: Config,
  setting: string,
  deps: EndpointDeps,
  elsewhere?: string,
): Promise<OpenAiClient> {
  if (openaiApiKey === undefined && openaiBaseUrl === undefined) {
    const own = elsewhere === undefined ? "" : `, or ${elsewhere} for this model alone`;
    throw new AppError("invalid_request", {
      detail: `settings are wrong: ${setting} names a model, but no endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for another than OpenAI${own}`,
    });
  }
  const settings = { url: "OPENAI_BASE_URL", key: "OPENAI_API_KEY", elsewhere };
  const headers = parsePairs(openaiHeaders) ?? {};
  return openClient({ apiKey: openaiApiKey, baseUrl: openaiBaseUrl, headers, settings }, deps);
}

async function openClient(
  options: Omit<OpenAiClientOptions, keyof EndpointLine> & Pick<EndpointLine, "headers">,
  deps: EndpointDeps,
): Promise<OpenAiClient> {
  const { createOpenAiClient } = await import("./openai-client.ts");
  return createOpenAiClient({ ...(await openLine(deps)), ...options });
}
