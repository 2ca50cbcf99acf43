/** Builds the adapters the settings ask for. Vendors are loaded only when a setting needs them. */
import { systemClock } from "../async/clock.ts";
import { createLimiter } from "../async/limiter.ts";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";
import type { ChatModel, Embedder, Reranker } from "../models/model.ts";
import { createStaticEmbedder } from "../models/static/static-embedder.ts";
import { withChatLimit, withEmbedderLimit, withRerankerLimit } from "../models/with-limit.ts";
import { withChatRetry, withEmbedderRetry, withRerankerRetry } from "../models/with-retry.ts";
import { createLexicalReranker } from "../retrieval/lexical-rerank.ts";
import type { Rerankers } from "../retrieval/rerank.ts";
import type { WriteStore } from "../stores/store.ts";
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
export async function createEmbedders(config: Config): Promise<Embedders> {
  const bundled = await createBundled();
  const remote = await createRemoteEmbedder(config);
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

async function createRemoteEmbedder(config: Config): Promise<Embedder | undefined> {
  const { embeddingModel: model } = config;
  if (model === undefined) return undefined;
  const client = await createClient(config, "EMBEDDING_MODEL");
  const { createOpenAiEmbedder } = await import("../models/openai-embedder.ts");
  const patient = withEmbedderRetry(createOpenAiEmbedder({ client, model }), {
    attemptsMax: config.attemptsMax,
    clock: systemClock,
    attemptTimeoutMs: {
      query: config.embedAttemptTimeoutMs,
      document: config.ingestEmbedTimeoutMs,
    },
  });
  return withEmbedderLimit(patient, limitTo(config.embedConcurrencyMax, config));
}

/** The model that writes answers; undefined leaves them to extraction. Throws AppError invalid_request. */
export async function createChat(config: Config): Promise<ChatModel | undefined> {
  const onlyKey = config.openaiApiKey !== undefined && config.openaiBaseUrl === undefined;
  const model = config.chatModel ?? (onlyKey ? DEFAULT_CHAT_MODEL : undefined);
  if (model === undefined) return undefined;
  const client = await createClient(config, "CHAT_MODEL");
  const { createOpenAiChat } = await import("../models/openai-chat.ts");
  const { attemptsMax, firstDeltaTimeoutMs, deltaGapTimeoutMs } = config;
  const patient = withChatRetry(createOpenAiChat({ client, model }), {
    attemptsMax,
    firstDeltaTimeoutMs,
    deltaGapTimeoutMs,
    clock: systemClock,
  });
  return withChatLimit(patient, limitTo(config.chatConcurrencyMax, config));
}

/** Lexical always; `remote` with RERANK_URL; `llm` with a chat model. */
export async function createRerankers(config: Config, chat?: ChatModel): Promise<Rerankers> {
  const rerankers: { -readonly [Mode in keyof Rerankers]: Rerankers[Mode] } = {
    lexical: createLexicalReranker(),
  };
  const remote = await createRemote(config);
  if (remote !== undefined) rerankers.remote = remote;
  if (chat !== undefined) {
    const { createLlmReranker } = await import("../models/llm-rerank.ts");
    rerankers.llm = createLlmReranker(chat);
  }
  return rerankers;
}

async function createRemote(config: Config): Promise<Reranker | undefined> {
  const { rerankUrl: url, rerankModel: model, rerankApiKey: apiKey } = config;
  if (url === undefined) return undefined;
  const { createRemoteReranker } = await import("../models/rerank.ts");
  const patient = withRerankerRetry(createRemoteReranker({ url, model, apiKey }), {
    attemptsMax: config.attemptsMax,
    clock: systemClock,
    attemptTimeoutMs: config.rerankTimeoutMs,
  });
  return withRerankerLimit(patient, limitTo(config.embedConcurrencyMax, config));
}

async function createClient({ openaiApiKey, openaiBaseUrl }: Config, setting: string) {
  if (openaiApiKey === undefined && openaiBaseUrl === undefined) {
    throw new AppError("invalid_request", {
      detail: `settings are wrong: ${setting} names a model, but no endpoint: set OPENAI_API_KEY, or OPENAI_BASE_URL for another than OpenAI`,
    });
  }
  const { createOpenAiClient } = await import("../models/openai-client.ts");
  return createOpenAiClient({ apiKey: openaiApiKey, baseUrl: openaiBaseUrl });
}

function limitTo(concurrencyMax: number, { upstreamQueueMax: queueMax }: Config) {
  return createLimiter({ concurrencyMax, queueMax });
}
