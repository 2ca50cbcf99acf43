/** An answer from as many passages as the model takes: fewer where they are too many, those worth most always. */
import type { Passage } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { ChatModel } from "../models/model.ts";
import type { Run } from "../run.ts";
import { estimateTokens } from "../text/tokens.ts";
import { fitContext, inOrder, orderByWorth } from "./fit-context.ts";
import { type Generated, generate, type GenerateOptions } from "./generate.ts";
import { toPrompt } from "./prompt.ts";

/** How often passages are left out after a refusal; each time the model reads half of what it read before. */
const TRIMS_MAX = 2;

/** `foundFirst`: how many of the passages the question itself found, those at the beginning; all where it is not given. */
interface FittingOptions extends GenerateOptions {
  readonly foundFirst?: number;
}

/**
 * Like `generate`, with fewer passages when the model's context is known to be smaller than the prompt
 * (`chatContextTokensMax`, estimated) or when the model says so or breaks off where it is known to be small, twice at
 * most and never after text was shown. What is left out first are the last passages that the question itself found, then the last of those that
 * tools found: a model asked for these because it needs them. The run reports `context_trimmed`. Throws what
 * `generate` throws; context_too_long when even the best passage alone is too much.
 */
export async function generateFitting(
  chat: ChatModel,
  question: string,
  passages: readonly Passage[],
  options: FittingOptions,
): Promise<Generated> {
  const { run, progress, foundFirst = passages.length } = options;
  const byWorth = orderByWorth(passages, foundFirst);
  const toMessages = (some: readonly Passage[]) =>
    toPrompt(question, some, options.conversation).messages;
  let kept = fitContext(byWorth, run.config, toMessages);
  if (kept.length < passages.length) await run.degrade("context_trimmed");
  for (let trims = 0; ; trims += 1) {
    try {
      return await generate(chat, question, inOrder(kept), options);
    } catch (thrown) {
      run.signal.throwIfAborted();
      if (
        !isTooLong(thrown, run.config) ||
        progress.shown ||
        trims === TRIMS_MAX ||
        kept.length < 2
      )
        throw thrown;
      kept = halve(kept);
      await run.degrade("context_trimmed");
    }
  }
}

/**
 * Tokenizers of few languages find twice as much in others, and in numbers, as is estimated: llama-cpp-python then breaks
 * off before the first word, at each attempt, without saying why.
 */
function isTooLong(thrown: unknown, { chatContextTokensMax }: Run["config"]): boolean {
  if (!(thrown instanceof AppError)) return false;
  const { code } = thrown;
  if (code === "upstream_truncated") return chatContextTokensMax !== undefined;
  return code === "context_too_long";
}

/** The first passages, with half the text of all; one at least, and never all. */
function halve(passages: readonly Passage[]): readonly Passage[] {
  const sizes = passages.map(({ text }) => estimateTokens(text));
  let tokensLeft = sizes.reduce((sum, size) => sum + size, 0) / 2;
  const count = sizes.findIndex((size) => (tokensLeft -= size) < 0);
  return passages.slice(0, Math.max(1, count));
}
