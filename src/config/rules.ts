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
  ["planTimeoutMs", "deadlineMs"],
  ["subagentTimeoutMs", "deadlineMs"],
  ["runQueueTimeoutMs", "deadlineMs"],
  ["firstDeltaTimeoutMs", "deadlineMs"],
  ["deltaGapTimeoutMs", "deadlineMs"],
  ["embedAttemptTimeoutMs", "embedTimeoutMs"],
  ["rerankAttemptTimeoutMs", "rerankTimeoutMs"],
  ["backoffMs", "backoffMsMax"],
  ["retryCost", "retryTokensMax"],
  ["retryStallCost", "retryTokensMax"],
  ["breakerSamplesMin", "breakerSamplesMax"],
  ["passagesMax", "candidatesMax"],
  // A run with tools begins with the others' passages, and there must be room for what it finds.
  ["passagesMax", "passagesOfToolsMax"],
  ["headersTimeoutMs", "requestTimeoutMs"],
] as const;

/** The first must be below the second: at the same moment either may win, and who looks less often takes what goes on for a silence. */
const BELOW = [
  ["usageWaitMs", "deltaGapTimeoutMs"],
  ["flushIntervalMs", "deltaGapTimeoutMs"],
] as const;

/** Who sets how long something takes means it to be; the second, at 0, says that it is not. */
const VAIN_AT_NONE = [
  ["runQueueTimeoutMs", "runQueueMax", "no run may wait"],
  ["answerCacheAgeMsMax", "answerCacheRunsMax", "no answer is kept"],
  ["staleAfterMs", "staleMsMax", "nothing older may stand in"],
] as const;

/** The first says more of what the second names. */
const NEEDS = [
  ["chatFallbackBaseUrl", "chatModelsFallback"],
  ["chatFallbackApiKey", "chatFallbackBaseUrl"],
  ["rerankModel", "rerankUrl"],
  ["rerankApiKey", "rerankUrl"],
  ["lanceApiKey", "lanceUrl"],
  ["lanceDatabase", "lanceUrl"],
] as const;

type Compared = (typeof AT_MOST | typeof BELOW)[number][number];
type Numbers = Readonly<
  Record<
    Compared | (typeof VAIN_AT_NONE)[number][1] | "contextTokensMax" | "outputTokensMax",
    number
  >
>;

type Named = Readonly<Partial<Record<(typeof NEEDS)[number][number], unknown>>>;

export interface CheckedSettings extends Numbers, Named {
  readonly aiEmbeddingModel?: string | undefined;
  readonly chatTokensPerMinuteMax?: number | undefined;
  readonly chatContextTokensMax?: number | undefined;
  readonly embeddingModel?: string | undefined;
  readonly embeddingBaseUrl?: string | undefined;
  readonly embeddingApiKey?: string | undefined;
  readonly embeddingQueryPrefix?: string | undefined;
  readonly embeddingDocumentPrefix?: string | undefined;
  readonly uploads: string;
  readonly lanceGateway: boolean;
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
    ...findVainTimes(config, given),
    ...findLost(config),
    ...findLostEmbedding(config),
    ...findLanceTangles(config),
  ];
}

function findVainTimes(config: CheckedSettings, given: ReadonlySet<string>): readonly Issue[] {
  return VAIN_AT_NONE.filter(([time, most]) => given.has(time) && config[most] === 0).map(
    ([path, most, why]) => ({ path, message: `needs ${toVariable(most)} above 0: ${why}` }),
  );
}

function findLost(config: CheckedSettings): readonly Issue[] {
  return NEEDS.filter(([more, of]) => config[more] !== undefined && config[of] === undefined).map(
    ([path, of]) => ({ path, message: `needs ${toVariable(of)}` }),
  );
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

/** What is read from a server is neither written here nor served on. */
function findLanceTangles(config: CheckedSettings): readonly Issue[] {
  const { lanceUrl, lanceGateway, uploads } = config;
  if (lanceUrl === undefined) return [];
  const message = "cannot be on while the collections are those of LANCE_URL";
  return [
    ...(lanceGateway ? [{ path: "lanceGateway", message }] : []),
    ...(uploads === "on" ? [{ path: "uploads", message }] : []),
  ];
}
