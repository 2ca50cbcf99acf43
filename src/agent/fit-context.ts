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
  config: Config,
  toMessages: (some: readonly Passage[]) => readonly ChatMessage[],
): readonly Passage[] {
  if (config.chatContextTokensMax === undefined) return passages;
  let count = passages.length;
  while (count > 1 && !fitsContext(toMessages(passages.slice(0, count)), config)) count -= 1;
  return passages.slice(0, count);
}

/** Whether the model's context has room for the prompt and its answer, as far as anything is known of it. */
export function fitsContext(
  messages: readonly ChatMessage[],
  { chatContextTokensMax, outputTokensMax }: Config,
): boolean {
  if (chatContextTokensMax === undefined) return true;
  const tokens = estimatePrompt(messages.flatMap(toContents));
  return tokens * ESTIMATE_SHORT + outputTokensMax <= chatContextTokensMax;
}

/** The text of a message, and what it says in calls. */
function toContents(message: ChatMessage): readonly { readonly content: string }[] {
  const calls = message.role === "assistant" ? (message.toolCalls ?? []) : [];
  return [message, ...calls.map(({ arguments: content }) => ({ content }))];
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
