/** Settings that are each right and together wrong. */
import { toVariable } from "./kinds.ts";
import type { Issue } from "../errors.ts";

/** The first must not exceed the second: otherwise it would never come to anything. */
const AT_MOST = [
  ["deadlineMs", "deadlineMsMax"],
  ["embedTimeoutMs", "deadlineMs"],
  ["searchTimeoutMs", "deadlineMs"],
  ["takeTimeoutMs", "deadlineMs"],
  ["rerankTimeoutMs", "deadlineMs"],
  ["rewriteTimeoutMs", "deadlineMs"],
  ["firstDeltaTimeoutMs", "deadlineMs"],
  ["deltaGapTimeoutMs", "deadlineMs"],
  ["embedAttemptTimeoutMs", "embedTimeoutMs"],
  ["rerankAttemptTimeoutMs", "rerankTimeoutMs"],
  ["backoffMs", "backoffMsMax"],
  ["retryCost", "retryTokensMax"],
  ["retryStallCost", "retryTokensMax"],
  ["breakerSamplesMin", "breakerSamplesMax"],
  ["passagesMax", "candidatesMax"],
] as const;

/** The first must be below the second: at the same moment either may win. */
const BELOW = [["usageWaitMs", "deltaGapTimeoutMs"]] as const;

type Compared = (typeof AT_MOST | typeof BELOW)[number][number];
type Numbers = Readonly<
  Record<Compared | "runQueueMax" | "contextTokensMax" | "outputTokensMax", number>
>;

export interface CheckedSettings extends Numbers {
  readonly chatTokensPerMinuteMax?: number | undefined;
  readonly chatContextTokensMax?: number | undefined;
  readonly chatModelsFallback?: readonly string[] | undefined;
  readonly chatFallbackBaseUrl?: string | undefined;
  readonly chatFallbackApiKey?: string | undefined;
  readonly embeddingModel?: string | undefined;
  readonly embeddingBaseUrl?: string | undefined;
  readonly embeddingApiKey?: string | undefined;
  readonly embeddingQueryPrefix?: string | undefined;
  readonly embeddingDocumentPrefix?: string | undefined;
  readonly aiEmbeddingModel?: string | undefined;
  readonly rerankUrl?: string | undefined;
  readonly rerankModel?: string | undefined;
  readonly rerankApiKey?: string | undefined;
  readonly uploads: string;
  readonly lanceGateway: boolean;
  readonly lanceUrl?: string | undefined;
  readonly lanceApiKey?: string | undefined;
  readonly lanceDatabase?: string | undefined;
}

/** Every contradiction, by the name of the setting to change. `given`: the settings that are not left to their defaults. */
export function findContradictions(
  config: CheckedSettings,
  given: ReadonlySet<string>,
): readonly Issue[] {
  const tooLarge = AT_MOST.filter(([low, high]) => config[low] > config[high]).map(
    ([low, high]): Issue => ({
      path: low,
      message: `must not exceed ${toVariable(high)}, which is ${config[high]}`,
    }),
  );
  const notBelow = BELOW.filter(([low, high]) => config[low] >= config[high]).map(
    ([low, high]): Issue => ({
      path: low,
      message: `must be below ${toVariable(high)}, which is ${config[high]}`,
    }),
  );
  return [
    ...tooLarge,
    ...notBelow,
    ...findUselessLimits(config),
    ...findVainWaits(config, given),
    ...findLostFallbacks(config),
    ...findLostEmbedding(config),
    ...findLostReranking(config),
    ...findLanceTangles(config),
  ];
}

/** Who sets how long runs wait means them to wait. */
function findVainWaits(
  { runQueueMax }: CheckedSettings,
  given: ReadonlySet<string>,
): readonly Issue[] {
  if (runQueueMax > 0 || !given.has("runQueueTimeoutMs")) return [];
  return [{ path: "runQueueTimeoutMs", message: "needs RUN_QUEUE_MAX above 0: no run may wait" }];
}

/** An answer that fills its context would wait for a turn that never comes, or find no room beside its question. */
function findUselessLimits(config: CheckedSettings): readonly Issue[] {
  const { chatTokensPerMinuteMax, chatContextTokensMax, contextTokensMax, outputTokensMax } =
    config;
  const issues: Issue[] = [];
  const both = contextTokensMax + outputTokensMax;
  if (chatTokensPerMinuteMax !== undefined && chatTokensPerMinuteMax < both) {
    const message = `must be at least CONTEXT_TOKENS_MAX and OUTPUT_TOKENS_MAX together, which is ${both}`;
    issues.push({ path: "chatTokensPerMinuteMax", message });
  }
  if (chatContextTokensMax !== undefined && chatContextTokensMax <= outputTokensMax) {
    const message = `must be above OUTPUT_TOKENS_MAX, which is ${outputTokensMax}`;
    issues.push({ path: "chatContextTokensMax", message });
  }
  return issues;
}

function findLostFallbacks(config: CheckedSettings): readonly Issue[] {
  const { chatModelsFallback, chatFallbackBaseUrl, chatFallbackApiKey } = config;
  const lost = (path: string, message: string): Issue => ({ path, message });
  if (chatFallbackBaseUrl !== undefined && chatModelsFallback === undefined) {
    return [lost("chatFallbackBaseUrl", "needs CHAT_MODELS_FALLBACK")];
  }
  if (chatFallbackApiKey !== undefined && chatFallbackBaseUrl === undefined) {
    return [lost("chatFallbackApiKey", "needs CHAT_FALLBACK_BASE_URL")];
  }
  return [];
}

const OF_EMBEDDING = [
  "embeddingBaseUrl",
  "embeddingApiKey",
  "embeddingQueryPrefix",
  "embeddingDocumentPrefix",
] as const;

/** The bundled embedder has no endpoint and wants no words; a key alone would go to an endpoint that has another. */
function findLostEmbedding(config: CheckedSettings): readonly Issue[] {
  const { embeddingModel, embeddingBaseUrl, embeddingApiKey, aiEmbeddingModel } = config;
  if (embeddingModel === undefined) {
    // Workers AI embeds questions, and no documents.
    const isOfAi = (path: string): boolean =>
      path === "embeddingQueryPrefix" && aiEmbeddingModel !== undefined;
    return OF_EMBEDDING.filter((path) => config[path] !== undefined && !isOfAi(path)).map(
      (path) => ({ path, message: "needs EMBEDDING_MODEL" }),
    );
  }
  const isLost = embeddingApiKey !== undefined && embeddingBaseUrl === undefined;
  return isLost ? [{ path: "embeddingApiKey", message: "needs EMBEDDING_BASE_URL" }] : [];
}

/** Of an endpoint that nobody named. */
function findLostReranking(config: CheckedSettings): readonly Issue[] {
  const { rerankUrl, rerankModel, rerankApiKey } = config;
  if (rerankUrl !== undefined) return [];
  const message = "needs RERANK_URL";
  return [
    ...(rerankModel === undefined ? [] : [{ path: "rerankModel", message }]),
    ...(rerankApiKey === undefined ? [] : [{ path: "rerankApiKey", message }]),
  ];
}

/** What is read from a server is neither written here nor served on. */
function findLanceTangles(config: CheckedSettings): readonly Issue[] {
  const { lanceUrl, lanceApiKey, lanceDatabase, lanceGateway, uploads } = config;
  if (lanceUrl === undefined) {
    const message = "needs LANCE_URL";
    return [
      ...(lanceApiKey === undefined ? [] : [{ path: "lanceApiKey", message }]),
      ...(lanceDatabase === undefined ? [] : [{ path: "lanceDatabase", message }]),
    ];
  }
  const message = "cannot be on while the collections are those of LANCE_URL";
  return [
    ...(lanceGateway ? [{ path: "lanceGateway", message }] : []),
    ...(uploads === "on" ? [{ path: "uploads", message }] : []),
  ];
}
