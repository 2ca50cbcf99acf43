/** Makes a question that stands alone out of a follow-up, beside the search for the follow-up as it is. */
import type { Ask } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { ChatModel } from "../models/model.ts";
import { type Run, withDeadline } from "../run.ts";
import type { Budget } from "./budget.ts";
import { toRewriteMessages } from "./prompt.ts";
import { takeTurn, type TurnOptions } from "./take-turn.ts";

const OUTPUT_TOKENS_MAX = 200;

/**
 * The rewritten question; undefined when there is no conversation, when the model left the question as
 * it was, and when it failed or was late, which the run reports. Never throws.
 */
export async function rewriteFollowUp(
  chat: ChatModel | undefined,
  ask: Ask,
  run: Run,
  budget: Budget,
): Promise<string | undefined> {
  if (ask.history.length === 0) return undefined;
  try {
    if (chat === undefined) throw new AppError("unsupported_option");
    const rewritten = await run.timeline.stage("rewrite", ["open"], () =>
      askFor(chat, ask, { run, budget }),
    );
    if (rewritten === "" || rewritten.length > run.config.questionCharsMax) {
      throw new AppError("upstream_bad_response");
    }
    return rewritten === ask.question ? undefined : rewritten;
  } catch (thrown) {
    if (run.signal.aborted) return undefined;
    if (chat !== undefined) run.log.error("rewrite-failed", thrown, { runId: run.id });
    await run.degrade("rewrite_skipped");
    return undefined;
  }
}

async function askFor(chat: ChatModel, ask: Ask, { run, budget }: TurnOptions): Promise<string> {
  using deadline = run.deadline.child(run.config.rewriteTimeoutMs, "rewrite");
  const request = { messages: toRewriteMessages(ask), outputTokensMax: OUTPUT_TOKENS_MAX };
  const { text } = await takeTurn(chat, request, { run: withDeadline(run, deadline), budget });
  // Quotes around the whole, not those of a word it begins or ends with.
  return text
    .trim()
    .replace(/^["“]([^"“”]*)["”]$/, "$1")
    .trim();
}
