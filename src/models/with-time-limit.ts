/** Bounds one attempt at a model call: in whole, or for streams the wait for the first delta and for each one after. */
import type { Clock } from "../async/clock.ts";
import { startDeadline } from "../async/deadline.ts";
import { withWatchdog } from "../async/watchdog.ts";
import { AppError } from "../errors.ts";
import type { ChatModel, EmbedKind, Embedder, Reranker } from "./model.ts";

export interface EmbedderTimeLimit {
  readonly clock: Clock;
  /** A question is waited for by a person, a batch of documents by no one. */
  readonly attemptTimeoutMs: Readonly<Record<EmbedKind, number>>;
}

export interface RerankerTimeLimit {
  readonly clock: Clock;
  readonly attemptTimeoutMs: number;
}

export interface ChatTimeLimit {
  readonly clock: Clock;
  readonly firstDeltaTimeoutMs: number;
  readonly deltaGapTimeoutMs: number;
}

/** Beyond the limit the call is aborted: AppError upstream_stalled. */
export function withEmbedderTimeLimit(embedder: Embedder, limit: EmbedderTimeLimit): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      attempt((own) => embedder.embed(texts, kind, own), {
        clock: limit.clock,
        timeoutMs: limit.attemptTimeoutMs[kind],
        signal,
        source: embedder.id,
      }),
  };
}

/** Beyond the limit the call is aborted: AppError upstream_stalled. */
export function withRerankerTimeLimit(reranker: Reranker, limit: RerankerTimeLimit): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      attempt((own) => reranker.score(question, texts, own), {
        clock: limit.clock,
        timeoutMs: limit.attemptTimeoutMs,
        signal,
        source: reranker.id,
      }),
  };
}

/** A silence beyond the limits ends the stream: AppError upstream_stalled. Thinking is not silence. */
export function withChatTimeLimit(model: ChatModel, limit: ChatTimeLimit): ChatModel {
  return {
    ...model,
    stream: (request, signal) =>
      withWatchdog((own) => model.stream(request, own), {
        firstMs: limit.firstDeltaTimeoutMs,
        gapMs: limit.deltaGapTimeoutMs,
        clock: limit.clock,
        signal,
        source: model.id,
      }),
  };
}

interface AttemptOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly source: string;
}

/** One attempt under its own deadline. Running out of it is the upstream's stall, not the end of the run. */
async function attempt<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMs, signal, source }: AttemptOptions,
): Promise<T> {
  using deadline = startDeadline({ clock, budgetMs: timeoutMs, parent: signal });
  try {
    return await work(deadline.signal);
  } catch (thrown) {
    if (!deadline.signal.aborted || signal.aborted) throw thrown;
    const detail = `${source} did not answer within ${timeoutMs} ms`;
    throw new AppError("upstream_stalled", { detail, cause: thrown });
  }
}
