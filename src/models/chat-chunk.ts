/** One chunk of a Chat Completions stream, read leniently: servers differ in everything but the outline. */
import * as z from "zod";
import type { FinishReason } from "./model.ts";

const Tokens = z.number().nonnegative().nullish();
const Chunk = z.object({
  // Azure's first chunk and the one with the usage have no choices.
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.unknown(),
            refusal: z.unknown(),
            tool_calls: z.unknown(),
            // Two names for the same thing: DeepSeek and vLLM, OpenRouter and Ollama.
            reasoning_content: z.unknown(),
            reasoning: z.unknown(),
          })
          .partial()
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.object({ prompt_tokens: Tokens, completion_tokens: Tokens }).nullish(),
});

const LENGTH = new Set(["length", "max_tokens", "model_length"]);
const FILTERED = new Set(["content_filter", "safety"]);

export interface ChatChunk {
  /** Empty for chunks that carry none; reasoning is not text. */
  readonly text: string;
  /** Carries a piece of the model's reasoning. */
  readonly reasons: boolean;
  /** Pieces of tool calls, as they came. */
  readonly toolCalls: unknown;
  /** Why the model ended, once it did. */
  readonly finish: Exclude<FinishReason, "tool-calls"> | "filtered" | "failed" | undefined;
  /** Running totals; the last ones count. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

/** Reads a chunk; undefined when it is not one. */
export function parseChatChunk(value: unknown): ChatChunk | undefined {
  const parsed = Chunk.safeParse(value);
  if (!parsed.success) return undefined;
  const { choices, usage } = parsed.data;
  const choice = choices?.[0];
  const delta = choice?.delta ?? {};
  return {
    text: toText(delta.content) + toText(delta.refusal),
    reasons: isReasoning(delta),
    toolCalls: delta.tool_calls,
    finish: toFinish(choice?.finish_reason),
    usage: usage ? toUsage(usage) : undefined,
  };
}

/** Reasoning in a field of its own, or (Mistral) among the parts of the content. */
function isReasoning(delta: Readonly<Record<string, unknown>>): boolean {
  const { content, reasoning, reasoning_content: reasoningContent } = delta;
  if ([reasoning, reasoningContent].some((said) => typeof said === "string" && said !== "")) {
    return true;
  }
  return (
    Array.isArray(content) &&
    content.some((part) => (part as { type?: unknown } | null)?.type === "thinking")
  );
}

function toUsage(usage: {
  readonly prompt_tokens?: number | null | undefined;
  readonly completion_tokens?: number | null | undefined;
}): NonNullable<ChatChunk["usage"]> {
  return {
    inputTokens: Math.round(usage.prompt_tokens ?? 0),
    outputTokens: Math.round(usage.completion_tokens ?? 0),
  };
}

/** Text as a string, or as a list of parts of which those of type `text` count. */
function toText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => toPartText(part)).join("");
}

function toPartText(part: unknown): string {
  const { type, text } = (part ?? {}) as { type?: unknown; text?: unknown };
  return type === "text" && typeof text === "string" ? text : "";
}

/** Some servers send an empty reason until they have one; every reason that is not known is a stop. */
function toFinish(reason: string | null | undefined): ChatChunk["finish"] {
  if (reason === null || reason === undefined || reason === "") return undefined;
  if (FILTERED.has(reason)) return "filtered";
  if (reason === "error") return "failed";
  return LENGTH.has(reason) ? "length" : "stop";
}
