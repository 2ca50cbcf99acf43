/** The next chat model answers when one fails before its first text. */
import { type Count, countNothing } from "../async/upstream-stats.ts";
import { AppError, type ErrorCode } from "../errors.ts";
import type { ChatModel } from "./model.ts";

/** What another model must not be used to get around, and what says nothing about the model. */
const FINAL: ReadonlySet<ErrorCode> = new Set(["content_filtered", "internal"]);

/**
 * Asks the models in their order, each only when the one before failed and nothing of it was yielded;
 * an error within a stream before its first text is such a failure. `request.onFallback` is told who
 * writes when it is not the first. Throws the last model's failure, and the signal's own at once.
 */
export function withFallback(
  first: ChatModel,
  others: readonly ChatModel[],
  count: Count = countNothing,
): ChatModel {
  const models = [first, ...others];
  return {
    ...first,
    async *stream(request, signal) {
      for (const [index, model] of models.entries()) {
        let isShown = false;
        try {
          for await (const delta of model.stream(request, signal)) {
            if (!isShown && index > 0) request.onFallback?.(model.id);
            isShown = true;
            yield delta;
          }
          return;
        } catch (thrown) {
          const isLast = index === models.length - 1;
          if (isShown || isLast || signal.aborted || !isReplaceable(thrown)) throw thrown;
          count("fallbacks");
        }
      }
    },
  };
}

function isReplaceable(thrown: unknown): boolean {
  return thrown instanceof AppError && !FINAL.has(thrown.code);
}
