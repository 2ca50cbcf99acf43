/** The settings of the call policies: how calls to model endpoints are limited, repeated, doubled and refused. */
import { BaseUrl, Bytes, Count, Flag, Key, Milliseconds, Names, Share } from "./kinds.ts";
import { Pairs, parsePairs } from "./pairs.ts";

/** Of tokens a minute there may be more than a million. */
const Tokens = Count.max(1_000_000_000);

/** They are about the one request, and written with it. */
const OF_REQUEST = /^(?:accept|connection|content-.+|host|traceparent|transfer-encoding)$/;
const OwnHeaders = Pairs.refine(
  (text) => !Object.keys(parsePairs(text) ?? {}).some((name) => OF_REQUEST.test(name)),
  { error: "names a header that each request has of its own, such as Host or Content-Type" },
);

export const UPSTREAM_SETTINGS = {
  openaiHeaders: OwnHeaders.optional().describe(
    "Headers for OPENAI_BASE_URL beside the key, as in name=value,other=value; may hold a key. They are sent nowhere else.",
  ),
  chatModelsFallback: Names.optional().describe(
    "Models, separated by commas, that write when the one before fails before its first text.",
  ),
  chatFallbackBaseUrl: BaseUrl.optional().describe(
    "Address of the endpoint of the fallback models. Unset: that of the first model.",
  ),
  chatFallbackApiKey: Key.optional().describe(
    "Key for CHAT_FALLBACK_BASE_URL; the other key is never sent there.",
  ),
  chatContextTokensMax: Tokens.optional().describe(
    "Tokens the chat model takes, input and answer together; passages beyond that are left out. Unset: only what it refuses is.",
  ),
  chatResponseFormat: Flag.default(true).describe(
    "Whether endpoints are given the JSON Schema of an output as response_format. Off: in the prompt alone.",
  ),

  chatRequestsPerMinuteMax: Count.optional().describe("Calls of one chat model in any minute."),
  chatTokensPerMinuteMax: Tokens.optional().describe(
    "Tokens of one chat model in any minute: input, and the output it is allowed.",
  ),
  embedRequestsPerMinuteMax: Count.optional().describe("Embedding calls in any minute."),
  embedTokensPerMinuteMax: Tokens.optional().describe("Tokens embedded in any minute."),
  rerankRequestsPerMinuteMax: Count.optional().describe("Rerank calls in any minute."),
  rerankTokensPerMinuteMax: Tokens.optional().describe("Tokens reranked in any minute."),
  rerankConcurrencyMax: Count.default(16).describe("Rerank calls at the same time."),

  rerankAttemptTimeoutMs: Milliseconds.default(600).describe("One attempt at reranking."),
  usageWaitMs: Milliseconds.default(250).describe(
    "Wait for a model's usage figures after it has said that its answer is complete.",
  ),
  backoffMs: Milliseconds.default(100).describe(
    "Base of the random wait before a retry; it doubles with each one.",
  ),
  backoffMsMax: Milliseconds.default(2_000).describe("Longest random wait before a retry."),
  retryTokensMax: Count.default(500).describe(
    "Tokens for retries that one upstream can save up; each success brings back one, or what its retry had cost.",
  ),
  retryCost: Count.default(5).describe("Tokens a retry costs."),
  retryStallCost: Count.default(10).describe("Tokens a retry costs after a call that timed out."),

  breakerFailureShare: Share.default(0.9).describe(
    "Share of failures among an upstream's last calls at which it is no longer called.",
  ),
  breakerSamplesMin: Count.default(5).describe("Calls without which that share says nothing."),
  breakerSamplesMax: Count.max(1_000).default(20).describe("Last calls that are looked at."),
  breakerWindowMs: Milliseconds.default(120_000).describe(
    "Calls older than this are not looked at.",
  ),
  breakerOpenMs: Milliseconds.default(5_000).describe(
    "Time until one call tries whether a failed upstream works again, and between two such calls.",
  ),

  hedgeShareMax: Share.default(0.05).describe(
    "Copies of slow embedding and rerank calls that bring nothing, as a share of all; 0 switches copies off.",
  ),
  chatHedgeShareMax: Share.default(0).describe(
    "Copies of chat calls that are slow to begin and that bring nothing, as a share of all; each one costs a whole prompt.",
  ),
  embedCacheEntriesMax: Count.default(5_000).describe("Questions whose vectors are kept."),
  embedCacheBytesMax: Bytes.default(32 * 2 ** 20).describe("Size of the kept vectors."),
};
