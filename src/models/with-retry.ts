/** Attempts at a model call: each with its own time limit, repeated where that can help and nothing was shown yet. */
import type { Clock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { retry } from "../async/retry.ts";
import { withWatchdog } from "../async/watchdog.ts";
import { AppError } from "../errors.ts";
import type { ChatDelta, ChatModel, EmbedKind, Embedder, Reranker } from "./model.ts";

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly clock: Clock;
  /** From 0 to below 1; for the jitter. */
  readonly random?: () => number;
}

export interface EmbedderRetryPolicy extends RetryPolicy {
  /** A question is waited for by a person, a batch of documents by no one. */
  readonly attemptTimeoutMs: Readonly<Record<EmbedKind, number>>;
}

export interface RerankerRetryPolicy extends RetryPolicy {
  readonly attemptTimeoutMs: number;
}

export interface ChatRetryPolicy extends RetryPolicy {
  readonly firstDeltaTimeoutMs: number;
  readonly deltaGapTimeoutMs: number;
}

export function withEmbedderRetry(embedder: Embedder, policy: EmbedderRetryPolicy): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      attemptAll((own) => embedder.embed(texts, kind, own), {
        policy,
        timeoutMs: policy.attemptTimeoutMs[kind],
        signal,
        source: embedder.id,
      }),
  };
}

export function withRerankerRetry(reranker: Reranker, policy: RerankerRetryPolicy): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      attemptAll((own) => reranker.score(question, texts, own), {
        policy,
        timeoutMs: policy.attemptTimeoutMs,
        signal,
        source: reranker.id,
      }),
  };
}

/**
 * Watches the stream for silence and starts it again as long as it has not yielded any text; from the
 * first text on, what was shown stands and a failure is a failure.
 */
export function withChatRetry(model: ChatModel, policy: ChatRetryPolicy): ChatModel {
  return {
    ...model,
    async *stream(request, signal) {
      const { head, rest } = await retry(
        () =>
          readHead(
            withWatchdog((own) => model.stream(request, own), {
              firstMs: policy.firstDeltaTimeoutMs,
              gapMs: policy.deltaGapTimeoutMs,
              clock: policy.clock,
              signal,
              source: model.id,
              isLast: ({ type }) => type === "finish",
            }),
          ),
        { ...policy, signal },
      );
      try {
        yield* head;
        yield* rest;
      } finally {
        await rest.return();
      }
    },
  };
}

type Deltas = AsyncGenerator<ChatDelta, void, undefined>;

/** Everything up to the first text or the end, and what is left of the stream. */
async function readHead(rest: Deltas): Promise<{ head: readonly ChatDelta[]; rest: Deltas }> {
  const head: ChatDelta[] = [];
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return { head, rest };
    head.push(value);
    if (value.type === "text") return { head, rest };
  }
}

interface AttemptOptions {
  readonly policy: RetryPolicy;
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly source: string;
}

function attemptAll<T>(
  work: (signal: AbortSignal) => Promise<T>,
  options: AttemptOptions,
): Promise<T> {
  return retry(() => attempt(work, options), { ...options.policy, signal: options.signal });
}

/** One attempt under its own deadline. Running out of it is the upstream's stall, not the end of the run. */
async function attempt<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { policy, timeoutMs, signal, source }: AttemptOptions,
): Promise<T> {
  using deadline = startDeadline({ clock: policy.clock, budgetMs: timeoutMs, parent: signal });
  try {
    return await work(deadline.signal);
  } catch (thrown) {
    if (!deadline.signal.aborted || signal.aborted) throw thrown;
    const detail = `${source} did not answer within ${timeoutMs} ms`;
    throw new AppError("upstream_stalled", { detail, cause: thrown });
  }
}
