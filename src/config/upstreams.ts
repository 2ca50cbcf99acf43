/** The settings of the call policies: how calls to model endpoints are limited, repeated, doubled and refused. */
import { Bytes, Count, Milliseconds, Share, Tokens } from "./kinds.ts";

export const UPSTREAM_SETTINGS = {
  chatConcurrencyMax: Count.default(256).describe("Model streams at the same time."),
  embedConcurrencyMax: Count.default(16).describe("Embedding calls at the same time."),
  rerankConcurrencyMax: Count.default(16).describe("Rerank calls at the same time."),
  upstreamQueueMax: Count.default(1_024).describe("Calls waiting for one upstream."),

  chatRequestsPerMinuteMax: Count.optional().describe("Calls of one chat model in any minute."),
  chatTokensPerMinuteMax: Tokens.optional().describe(
    "Tokens of one chat model in any minute: input, and the output it is allowed.",
  ),
  embedRequestsPerMinuteMax: Count.optional().describe("Embedding calls in any minute."),
  embedTokensPerMinuteMax: Tokens.optional().describe("Tokens embedded in any minute."),
  rerankRequestsPerMinuteMax: Count.optional().describe("Rerank calls in any minute."),
  rerankTokensPerMinuteMax: Tokens.optional().describe("Tokens reranked in any minute."),

  embedAttemptTimeoutMs: Milliseconds.default(1_500).describe(
    "One attempt at embedding the question.",
  ),
  rerankAttemptTimeoutMs: Milliseconds.default(600).describe("One attempt at reranking."),
  usageWaitMs: Milliseconds.default(250).describe(
    "Wait for a model's usage figures after it has said that its answer is complete.",
  ),
  attemptsMax: Count.default(4).describe("Attempts at one upstream call."),
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
    "Longest time until one call tries whether a failed upstream works again, and between two such calls; each is up to a quarter shorter, by chance.",
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
