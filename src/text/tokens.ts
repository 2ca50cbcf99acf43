/** How many tokens a text will be for a model, without the model's tokenizer. */
import { estimateTokenCount } from "tokenx";

/** An estimate on the safe side: up to a third too many, hardly ever too few, in any script. */
export function estimateTokens(text: string): number {
  return estimateTokenCount(text);
}

/** The same for all messages of a prompt together. */
export function estimatePrompt(messages: readonly { readonly content: string }[]): number {
  return messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
}
