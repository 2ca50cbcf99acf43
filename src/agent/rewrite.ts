/** Makes a question that stands alone out of a follow-up, beside the search for the follow-up as it is. */
import type { Ask, Turn } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimatePrompt } from "../text/tokens.ts";
import type { Budget } from "./budget.ts";
import { toTurns } from "./prompt.ts";
import type { TurnOptions } from "./take-turn.ts";

const OUTPUT_TOKENS_MAX = 200;

const INSTRUCTIONS = `Rewrite the last question so that it can be understood without the conversation before it: put names in the place of words like "it" or "they".
Answer nothing and add nothing. Write the question and nothing else, in its own language. If it can be understood already, write it as it is.`;

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
    const rewritten = await run.timeline.stage("rewrite", [], () =>
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

async function askFor(
  chat: ChatModel,
  { history, question }: Ask,
  { run, budget }: TurnOptions,
): Promise<string> {
  using deadline = run.deadline.child(run.config.rewriteTimeoutMs, "rewrite");
  const conversation = toTurns(history).map(toLine).join("\n");
  const messages = [
    { role: "system", content: INSTRUCTIONS },
    { role: "user", content: `${conversation}\n\nThe last question: ${question}` },
  ] as const;
  let text = "";
  let usage = {
    inputTokens: estimatePrompt(messages),
    outputTokens: 0,
  };
  const request = { messages, outputTokensMax: OUTPUT_TOKENS_MAX, temperature: 0 };
  try {
    for await (const delta of chat.stream(request, deadline.signal)) {
      if (delta.type === "text") text += delta.text;
      if (delta.type === "usage") usage = delta;
    }
    budget.addTokens(usage.inputTokens + usage.outputTokens);
  } finally {
    const { inputTokens, outputTokens } = usage;
    await run.emit({ type: "usage", inputTokens, outputTokens, requests: 1 });
  }
  return text
    .trim()
    .replace(/^["“]|["”]$/g, "")
    .trim();
}

function toLine({ role, content }: Turn): string {
  return `${role}: ${content}`;
}
