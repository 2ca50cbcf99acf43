/** As many passages as the model's context has room for, those worth most always. */
import type { Config } from "../config.ts";
import type { Passage } from "../domain/event.ts";
import type { ChatMessage } from "../models/model.ts";
import { estimatePrompt } from "../text/tokens.ts";

/**
 * So much more than estimated a prompt may have: the tokenizer of SmolLM2, as of others with few words, finds 12 to 23 %
 * more in English Markdown. Servers cut a prompt that is too long without a word (Ollama), or send nothing (llama-cpp-python).
 */
const ESTIMATE_SHORT = 1.25;

/**
 * The first passages that the model's context (`chatContextTokensMax`) has room for, beside the rest of the prompt and
 * the answer; one at least, and all where nothing is known of it. `toMessages` gives the prompt with some of them.
 */
export function fitContext(
  passages: readonly Passage[],
  { chatContextTokensMax, outputTokensMax }: Config,
  toMessages: (some: readonly Passage[]) => readonly ChatMessage[],
): readonly Passage[] {
  if (chatContextTokensMax === undefined) return passages;
  const isTooMuch = (count: number): boolean => {
    const tokens = estimatePrompt(toMessages(passages.slice(0, count)));
    return tokens * ESTIMATE_SHORT + outputTokensMax > chatContextTokensMax;
  };
  let count = passages.length;
  while (count > 1 && isTooMuch(count)) count -= 1;
  return passages.slice(0, count);
}

/** The best one of the question itself, which found the first `foundFirst`, those of tools, and the others of the question. */
export function orderByWorth(passages: readonly Passage[], foundFirst: number): readonly Passage[] {
  const own = passages.slice(0, foundFirst);
  return [...own.slice(0, 1), ...passages.slice(foundFirst), ...own.slice(1)];
}

/** As the reader of the prompt finds them. */
export function inOrder(passages: readonly Passage[]): readonly Passage[] {
  return passages.toSorted((a, b) => a.label - b.label);
}
