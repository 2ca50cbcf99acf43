/** One chunk of a Chat Completions stream, read leniently: servers differ in everything but the outline. */
import type { FinishReason } from "./model.ts";
import { type BlockPieces, findBlockPieces } from "./reasoning-blocks.ts";

/**
 * What is looked at of a chunk. Checked by hand and not by a schema: there is one for every token, and
 * where no code may be made at run time a schema takes longer than everything else that is done with it.
 */
interface Chunk {
  /** Azure's first chunk and the one with the usage have none. */
  readonly choices?: readonly Choice[] | null;
  readonly usage?: TokenCounts | null;
}

interface Choice {
  /** Its `reasoning_content` and `reasoning` are two names for the same thing: DeepSeek and vLLM, OpenRouter and Ollama. */
  readonly delta?: Readonly<Record<string, unknown>> | null;
  readonly finish_reason?: string | null;
}

interface TokenCounts {
  readonly prompt_tokens?: number | null;
  readonly completion_tokens?: number | null;
}

/** `model_…`: Mistral, Anthropic and Zhipu; the others are Gemini's own, which gateways pass on. */
const LENGTH = /^(length|max_(output_)?tokens|model_length|model_context_window_exceeded)$/;
const FILTERED =
  /^(content_filter|safety|prohibited_content|blocklist|recitation|sensitive|refusal|guardrail_intervened)\b/;
/** Broken off on their side: SGLang and vLLM, DeepSeek, Gemini; Zhipu and Portkey end it with the name of an error. */
const FAILED =
  /error$|^(abort|insufficient_system_resource|(function_call_filter: ?)?malformed_function_call)\b/;

/** Tokens beyond it are nonsense; all of a run's calls together stay a number that an event can hold. */
const COUNT_MAX = 1e12;

export interface ChatChunk {
  /** Empty for chunks that carry none; reasoning is not text. */
  readonly text: string;
  /** Its text is a piece of a refusal, as OpenAI sends one in place of what a schema asks for. */
  readonly refuses: boolean;
  /** Carries a piece of the model's reasoning. */
  readonly reasons: boolean;
  /** That piece, where it is in the field that servers want back beside tool calls. */
  readonly reasoning: string;
  /** Pieces of reasoning in blocks, which some want back as well. */
  readonly blocks: BlockPieces | undefined;
  /** Pieces of tool calls, as they came. */
  readonly toolCalls: unknown;
  /** Why the model ended, once it did. */
  readonly finish: Exclude<FinishReason, "tool-calls"> | "filtered" | "failed" | undefined;
  /** Running totals; the last ones count. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

/** Reads a chunk; undefined when it is not one. */
export function parseChatChunk(value: unknown): ChatChunk | undefined {
  if (!isChunk(value)) return undefined;
  const { choices, usage } = value;
  const choice = choices?.[0];
  const delta = choice?.delta ?? {};
  const refusal = toText(delta["refusal"]);
  const blocks = findBlockPieces(delta);
  return {
    text: toText(delta["content"]) + refusal,
    refuses: refusal !== "",
    reasons: blocks !== undefined || isReasoning(delta),
    blocks,
    reasoning: toText(delta["reasoning_content"]),
    toolCalls: delta["tool_calls"],
    finish: toFinish(choice?.finish_reason),
    usage: usage ? toUsage(usage) : undefined,
  };
}

function isChunk(value: unknown): value is Chunk {
  if (!isObject(value)) return false;
  const { choices, usage } = value;
  const hasChoices = isAbsent(choices) || (Array.isArray(choices) && choices.every(isChoice));
  return hasChoices && (isAbsent(usage) || isTokenCounts(usage));
}

function isChoice(value: unknown): value is Choice {
  if (!isObject(value)) return false;
  const { delta, finish_reason: finish } = value;
  return (isAbsent(delta) || isObject(delta)) && (isAbsent(finish) || typeof finish === "string");
}

function isTokenCounts(value: unknown): value is TokenCounts {
  return isObject(value) && [value["prompt_tokens"], value["completion_tokens"]].every(isCount);
}

function isCount(value: unknown): boolean {
  return isAbsent(value) || (typeof value === "number" && value >= 0 && value <= COUNT_MAX);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

function toUsage(usage: TokenCounts): NonNullable<ChatChunk["usage"]> {
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
  const word = reason.toLowerCase();
  if (FILTERED.test(word)) return "filtered";
  if (FAILED.test(word)) return "failed";
  return LENGTH.test(word) ? "length" : "stop";
}
