/** What a model call came to where its endpoint does not say. */
import type { Usage } from "../domain/event.ts";
import type { ChatMessage, ToolCall } from "../models/model.ts";
import { estimatePrompt, estimateTokens } from "../text/tokens.ts";

export interface CallSoFar {
  readonly messages: readonly ChatMessage[];
  /** What the model wrote. */
  readonly text: string;
  readonly calls?: readonly ToolCall[];
  /** It came to its end, if only without a word. */
  readonly isOver: boolean;
}

/**
 * Endpoints that send no usage, or break off before it, get an estimate, so that budgets and costs are
 * never silently nought. A request of which nothing came is counted without tokens.
 */
export function estimateUsage({ messages, text, calls = [], isOver }: CallSoFar): Usage {
  const raw = [text, ...calls.map(({ name, arguments: args }) => `${name} ${args}`)].join("\n");
  if (!isOver && raw === "") return { inputTokens: 0, outputTokens: 0, requests: 1 };
  return {
    inputTokens: estimatePrompt(messages),
    outputTokens: estimateTokens(raw),
    requests: 1,
  };
}
