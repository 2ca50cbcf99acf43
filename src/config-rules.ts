/** Settings that are each right and together wrong. */
import { toVariable } from "./config-kinds.ts";
import type { Issue } from "./errors.ts";

type Numbers = Readonly<
  Record<
    | "deadlineMs"
    | "deadlineMsMax"
    | "embedTimeoutMs"
    | "embedAttemptTimeoutMs"
    | "searchTimeoutMs"
    | "takeTimeoutMs"
    | "rerankTimeoutMs"
    | "rerankAttemptTimeoutMs"
    | "firstDeltaTimeoutMs"
    | "deltaGapTimeoutMs"
    | "usageWaitMs"
    | "backoffMs"
    | "backoffMsMax"
    | "retryTokensMax"
    | "retryCost"
    | "retryStallCost"
    | "breakerSamplesMin"
    | "breakerSamplesMax"
    | "contextTokensMax"
    | "outputTokensMax",
    number
  >
>;

export interface CheckedSettings extends Numbers {
  readonly chatTokensPerMinuteMax?: number | undefined;
  readonly chatModelsFallback?: readonly string[] | undefined;
  readonly chatFallbackBaseUrl?: string | undefined;
  readonly chatFallbackApiKey?: string | undefined;
}

/** The first must not exceed the second: otherwise it would never come to anything. */
const AT_MOST: readonly (readonly [keyof Numbers, keyof Numbers])[] = [
  ["deadlineMs", "deadlineMsMax"],
  ["embedTimeoutMs", "deadlineMs"],
  ["searchTimeoutMs", "deadlineMs"],
  ["takeTimeoutMs", "deadlineMs"],
  ["rerankTimeoutMs", "deadlineMs"],
  ["firstDeltaTimeoutMs", "deadlineMs"],
  ["deltaGapTimeoutMs", "deadlineMs"],
  ["embedAttemptTimeoutMs", "embedTimeoutMs"],
  ["rerankAttemptTimeoutMs", "rerankTimeoutMs"],
  ["backoffMs", "backoffMsMax"],
  ["retryCost", "retryTokensMax"],
  ["retryStallCost", "retryTokensMax"],
  ["breakerSamplesMin", "breakerSamplesMax"],
];

/** The first must be below the second: at the same moment either may win. */
const BELOW: typeof AT_MOST = [["usageWaitMs", "deltaGapTimeoutMs"]];

/** Every contradiction, by the name of the setting to change. */
export function findContradictions(config: CheckedSettings): readonly Issue[] {
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
  return [...tooLarge, ...notBelow, ...findUselessLimits(config), ...findLostFallbacks(config)];
}

/** An answer that fills its context would wait for a turn that never comes. */
function findUselessLimits(config: CheckedSettings): readonly Issue[] {
  const { chatTokensPerMinuteMax: most, contextTokensMax, outputTokensMax } = config;
  if (most === undefined || most >= contextTokensMax + outputTokensMax) return [];
  const message = `must be at least CONTEXT_TOKENS_MAX and OUTPUT_TOKENS_MAX together, which is ${contextTokensMax + outputTokensMax}`;
  return [{ path: "chatTokensPerMinuteMax", message }];
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
