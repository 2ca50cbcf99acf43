/**
 * The call policy of each upstream, put together. A call passes from the left to the right:
 *
 *   embed    query cache → single flight → retry → hedge → gate → time limit → endpoint
 *   rerank                                 retry → hedge → gate → time limit → endpoint
 *   chat     fallback (a chain for each model:) retry → hedge → gate → time limit → endpoint
 *
 * The gate is breaker → slot → rate window. Each copy and each retry passes it, so that slots, windows and the
 * breaker see what the upstream sees; the time limit is innermost, so that a wait in the gate is nobody's stall.
 * Each call that reaches the endpoint is a span, within the time limit.
 */
import { createGate, type Gate } from "../async/gate.ts";
import { createHedge } from "../async/hedge.ts";
import { createLimiter } from "../async/limiter.ts";
import { createLru } from "../async/lru.ts";
import { createRateWindow } from "../async/rate-window.ts";
import { createSingleFlight } from "../async/single-flight.ts";
import type { Count } from "../async/upstream-stats.ts";
import { type CallPolicyDeps, createCallPolicy } from "../call-policy.ts";
import type { Config } from "../config.ts";
import type { ChatModel, Embedder, Reranker } from "./model.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import { withFallback } from "./with-fallback.ts";
import { withChatGate, withEmbedderGate, withRerankerGate } from "./with-gate.ts";
import { withChatHedge, withEmbedderHedge, withRerankerHedge } from "./with-hedge.ts";
import { withEmbedderSingleFlight, withQueryCache } from "./with-query-cache.ts";
import {
  type RetryPolicy,
  withChatRetry,
  withEmbedderRetry,
  withRerankerRetry,
} from "./with-retry.ts";
import {
  withChatTimeLimit,
  withEmbedderTimeLimit,
  withRerankerTimeLimit,
} from "./with-time-limit.ts";
import { withChatTrace, withEmbedderTrace, withRerankerTrace } from "./with-trace.ts";

export interface ProtectDeps extends CallPolicyDeps {
  /** Absent: no spans. */
  readonly tracer?: Tracer;
  /** False where a call ends with the request that made it, so that no other may wait for it. */
  readonly sharesCalls?: boolean;
}

export function protectEmbedder(plain: Embedder, deps: ProtectDeps): Embedder {
  const { config, clock, tracer = noTracer, sharesCalls = true } = deps;
  const { gate, policy, count } = createPolicy("embed", plain.id, deps);
  const limited = withEmbedderTimeLimit(withEmbedderTrace(plain, tracer), {
    clock,
    attemptTimeoutMs: {
      query: config.embedAttemptTimeoutMs,
      document: config.ingestEmbedTimeoutMs,
    },
  });
  const hedge = createHedge({ clock, shareMax: config.hedgeShareMax, count });
  const hedged = withEmbedderHedge(withEmbedderGate(limited, gate), hedge);
  const retried = withEmbedderRetry(hedged, policy);
  const shared = sharesCalls
    ? withEmbedderSingleFlight(retried, createSingleFlight(count))
    : retried;
  const cache = createLru<Float32Array>({
    entriesMax: config.embedCacheEntriesMax,
    bytesMax: config.embedCacheBytesMax,
  });
  return withQueryCache(shared, cache, count);
}

export function protectReranker(plain: Reranker, deps: ProtectDeps): Reranker {
  const { config, clock, tracer = noTracer } = deps;
  const { gate, policy, count } = createPolicy("rerank", plain.id, deps);
  const limited = withRerankerTimeLimit(withRerankerTrace(plain, tracer), {
    clock,
    attemptTimeoutMs: config.rerankAttemptTimeoutMs,
  });
  const hedge = createHedge({ clock, shareMax: config.hedgeShareMax, count });
  return withRerankerRetry(withRerankerHedge(withRerankerGate(limited, gate), hedge), policy);
}

/**
 * The first model, and behind it those that write when it fails. `attemptsMax` is for all of them
 * together: each fallback has one attempt, the first model what is left. A model that has a fallback is
 * not asked again after a silence, which has cost enough time; the last one is, once.
 */
export function protectChat(
  first: ChatModel,
  fallbacks: readonly ChatModel[],
  deps: ProtectDeps,
): ChatModel {
  const { config, clock, tracer = noTracer } = deps;
  const { firstDeltaTimeoutMs, deltaGapTimeoutMs, attemptsMax } = config;
  const models = [first, ...fallbacks];
  const names = toOwnNames(models);
  const [asked, ...others] = models.map((plain, index) => {
    const { gate, policy, count } = createPolicy("chat", names[index] ?? plain.id, deps);
    const limited = withChatTimeLimit(withChatTrace(plain, tracer), {
      clock,
      firstDeltaTimeoutMs,
      deltaGapTimeoutMs,
    });
    const gated = withChatGate(limited, gate);
    const hedge = createHedge({ clock, shareMax: config.chatHedgeShareMax, count });
    const model = withChatRetry(
      config.chatHedgeShareMax > 0 ? withChatHedge(gated, hedge) : gated,
      {
        ...policy,
        attemptsMax: index === 0 ? Math.max(1, attemptsMax - fallbacks.length) : 1,
        retriesMax: { upstream_stalled: fallbacks.length === 0 ? 1 : 0 },
      },
    );
    return { model, count };
  });
  if (asked === undefined || others.length === 0) return asked?.model ?? first;
  return withFallback(
    asked.model,
    others.map(({ model }) => model),
    asked.count,
  );
}

/** The same model may be there at two endpoints, which have nothing in common: the second has a number behind its name. */
function toOwnNames(models: readonly ChatModel[]): readonly string[] {
  return models.map(({ id }, index) => {
    const before = models.slice(0, index).filter((other) => other.id === id).length;
    return before === 0 ? id : `${id} (${before + 1})`;
  });
}

type Kind = "embed" | "rerank" | "chat";

interface Policy {
  readonly gate: Gate;
  readonly policy: RetryPolicy;
  readonly count: Count;
}

/** Breaker, slots, window and retries of one upstream, with its counts in the registry. */
function createPolicy(kind: Kind, id: string, deps: ProtectDeps): Policy {
  const { config, clock, upstreams } = deps;
  const name = `${kind} ${id}`;
  const { breaker, retry, count } = createCallPolicy({ name, source: id }, deps);
  const { callsMax, tokensMax } = RATES[kind](config);
  const { turns } = upstreams;
  const shared = turns === undefined ? undefined : { turns, name };
  const isLimited = callsMax !== undefined || tokensMax !== undefined;
  return {
    gate: createGate({
      clock,
      limit: createLimiter({
        concurrencyMax: config[`${kind}ConcurrencyMax`],
        queueMax: config.upstreamQueueMax,
      }),
      breaker,
      window: isLimited
        ? createRateWindow({ clock, source: id, callsMax, tokensMax, shared })
        : undefined,
      count,
    }),
    policy: retry,
    count,
  };
}

interface Rates {
  readonly callsMax: number | undefined;
  readonly tokensMax: number | undefined;
}

const RATES: Readonly<Record<Kind, (config: Config) => Rates>> = {
  embed: (config) => ({
    callsMax: config.embedRequestsPerMinuteMax,
    tokensMax: config.embedTokensPerMinuteMax,
  }),
  rerank: (config) => ({
    callsMax: config.rerankRequestsPerMinuteMax,
    tokensMax: config.rerankTokensPerMinuteMax,
  }),
  chat: (config) => ({
    callsMax: config.chatRequestsPerMinuteMax,
    tokensMax: config.chatTokensPerMinuteMax,
  }),
};
