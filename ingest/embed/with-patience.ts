/** An endpoint that stops answering on the way is waited for, with growing pauses, for a named time. */
import { type Clock, sleep } from "../../src/async/clock.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";

export interface Patience {
  /** All pauses of one outage together. */
  readonly patienceMs: number;
  readonly clock: Clock;
  /** Told before each pause. */
  readonly onPause: (waitMs: number, error: AppError) => void;
}

const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 60_000;
/** What passes by itself, sooner or later. A refused key does not. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "upstream_unavailable",
  "upstream_rate_limited",
  "upstream_stalled",
]);

/**
 * The same embedder. Where vectors were wrong and then the endpoint is not asked for a while, they are the reason, and
 * are said. It waits only after it has answered once: what never worked is a wrong setting and is said
 * at once. When the patience is over the last error is thrown; what was committed and cached by then stays.
 */
export function withPatience(embedder: Embedder, patience: Patience): Embedder {
  const { patienceMs, clock, onPause } = patience;
  let hasAnswered = false;
  /** Why an endpoint that answers is not asked any more: waiting would hide it. */
  let wrong: AppError | undefined;
  return {
    ...embedder,
    async embed(texts, kind, signal) {
      let waitedMs = 0;
      for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)) {
        try {
          const vectors = await embedder.embed(texts, kind, signal);
          hasAnswered = true;
          wrong = undefined;
          return vectors;
        } catch (thrown) {
          signal.throwIfAborted();
          const passes = thrown instanceof AppError && PASSING.has(thrown.code);
          if (thrown instanceof AppError && thrown.code === "embedding_invalid") wrong = thrown;
          if (passes && wrong !== undefined) throw wrong;
          if (!passes || !hasAnswered || waitedMs >= patienceMs) throw thrown;
          const waitMs = Math.min(
            patienceMs - waitedMs,
            Math.max(pauseMs, thrown.retryAfterMs ?? 0),
          );
          onPause(waitMs, thrown);
          await sleep(clock, waitMs, signal);
          waitedMs += waitMs;
        }
      }
    },
  };
}
