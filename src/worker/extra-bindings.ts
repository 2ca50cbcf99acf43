/** The bindings that a Worker may have beside those it needs: each is used when its setting says so, and then it must be there. */
import type { Clock } from "../async/clock.ts";
import type { UpstreamRegistry } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import type { RequestLimit } from "../http/guards/request-limit.ts";
import type { Embedder, Reranker } from "../models/model.ts";
import type { Log } from "../telemetry/log.ts";
import type { AiBinding } from "./ai-binding.ts";
import { createAiEmbedder } from "./ai-embedder.ts";
import { createAiReranker } from "./ai-reranker.ts";
import { readBinding } from "./bindings.ts";
import { misconfigured } from "./misconfigured.ts";
import { createRateLimit, type RateLimitBinding } from "./rate-limit.ts";
import type { VectorSource } from "./durable/vector-source.ts";
import { createVectorize } from "./vectorize.ts";
import { createIndexCalls, type VectorizeBinding } from "./vectorize-calls.ts";

type Values = Readonly<Record<string, unknown>>;

interface Watched {
  readonly clock: Clock;
  readonly log: Log;
  /** Where the counts of the calls can be read. */
  readonly upstreams: UpstreamRegistry;
}

/** The embedder that AI_EMBEDDING_MODEL asks for, without its call policy. Throws AppError misconfigured. */
export function readAiEmbedder(env: Values, config: Config): Embedder | undefined {
  const { aiEmbeddingModel: model, aiEmbeddingDimensions: dimensions, aiEmbedderId: id } = config;
  if (model === undefined) {
    if (dimensions !== undefined) needs("AI_EMBEDDING_DIMENSIONS", "AI_EMBEDDING_MODEL");
    if (id !== undefined) needs("AI_EMBEDDER_ID", "AI_EMBEDDING_MODEL");
    return undefined;
  }
  const ai = readExtra(env, "AI", "run", "AI_EMBEDDING_MODEL") as AiBinding;
  const pooling = config.aiEmbeddingPooling;
  // Beside EMBEDDING_MODEL it is what that one wants.
  const queryPrefix = config.embeddingModel === undefined ? config.embeddingQueryPrefix : undefined;
  return createAiEmbedder(ai, { model, dimensions, id, pooling, queryPrefix });
}

/** The reranker that AI_RERANK_MODEL asks for, without its call policy. Throws AppError misconfigured. */
export function readAiReranker(env: Values, config: Config): Reranker | undefined {
  const { aiRerankModel: model, rerankUrl } = config;
  if (model === undefined) return undefined;
  if (rerankUrl !== undefined) {
    throw misconfigured("AI_RERANK_MODEL and RERANK_URL both name a reranker; set one of them");
  }
  return createAiReranker(readExtra(env, "AI", "run", "AI_RERANK_MODEL") as AiBinding, model);
}

/** Setting and binding go together: one without the other would leave a service without the limit it is thought to have. Throws AppError misconfigured. */
export function readRateLimit(
  env: Values,
  config: Config,
  deps: { readonly clock: Clock; readonly log: Log },
): RequestLimit | undefined {
  const { rateLimitPeriodMs: periodMs } = config;
  if (periodMs === undefined) {
    if (env["RATE_LIMIT"] !== undefined) needs("the binding RATE_LIMIT", "RATE_LIMIT_PERIOD_MS");
    return undefined;
  }
  const binding = readExtra(env, "RATE_LIMIT", "limit", "RATE_LIMIT_PERIOD_MS") as RateLimitBinding;
  return createRateLimit({ binding, periodMs, ...deps });
}

/** The index that VECTORIZE_COLLECTIONS asks for. Throws AppError misconfigured. */
export function readVectorize(
  env: Values,
  config: Config,
  { clock, log, upstreams }: Watched,
): VectorSource | undefined {
  const { vectorizeCollections: names, searchConcurrencyMax: concurrency } = config;
  if (names === undefined) return undefined;
  const binding = readExtra(env, "VECTORIZE", "query", "VECTORIZE_COLLECTIONS") as VectorizeBinding;
  const call = createIndexCalls(binding, { config, clock, upstreams });
  return createVectorize({ call, collections: new Set(names), log, wallMs: Date.now, concurrency });
}

function needs(what: string, setting: string): never {
  throw misconfigured(`${what} needs ${setting}, which is not set`);
}

/** A binding that a setting asks for. */
function readExtra(env: Values, name: string, ability: string, setting: string): unknown {
  return readBinding(
    env[name],
    ability,
    `${setting} needs the binding ${name}, which this Worker lacks; a named environment of wrangler.toml declares it`,
  );
}
