/** Why a model ended, in the words of each provider. */
import { expect, test } from "vitest";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type ChatChunk, parseChatChunk } from "../../src/models/chat-chunk.ts";

const REASONS: readonly (readonly [string, string | null, ChatChunk["finish"]])[] = [
  ["OpenAI, not yet", null, undefined],
  ["older Groq and LM Studio, not yet", "", undefined],
  ["OpenAI", "stop", "stop"],
  ["OpenAI, tools", "tool_calls", "stop"],
  ["OpenAI, functions", "function_call", "stop"],
  ["text-generation-inference", "eos_token", "stop"],
  ["Together", "eos", "stop"],
  ["Anthropic, as gateways pass it on", "end_turn", "stop"],
  ["Anthropic, tools", "tool_use", "stop"],
  ["Gemini, as gateways pass it on", "STOP", "stop"],
  ["OpenAI, cut", "length", "length"],
  ["Mistral, cut", "model_length", "length"],
  ["Anthropic, cut", "max_tokens", "length"],
  ["Anthropic and Zhipu, cut by the context", "model_context_window_exceeded", "length"],
  ["Gemini, cut", "MAX_TOKENS", "length"],
  ["OpenAI and Azure, filtered", "content_filter", "filtered"],
  ["Gemini, filtered", "SAFETY", "filtered"],
  ["Gemini's compatible endpoint, filtered", "content_filter: PROHIBITED_CONTENT", "filtered"],
  ["Gemini, too like a source", "RECITATION", "filtered"],
  ["Zhipu, filtered", "sensitive", "filtered"],
  ["Anthropic, refused", "refusal", "filtered"],
  ["Bedrock, filtered", "guardrail_intervened", "filtered"],
  ["OpenRouter and vLLM, failed", "error", "failed"],
  ["SGLang and vLLM, broken off", "abort", "failed"],
  ["DeepSeek, broken off", "insufficient_system_resource", "failed"],
  ["Portkey before Anthropic, broken off (seen, 1.15.2)", "overloaded_error", "failed"],
  ["Zhipu, broken off", "network_error", "failed"],
  ["Gemini, a call that is none", "MALFORMED_FUNCTION_CALL", "failed"],
  [
    "Gemini's compatible endpoint, a call that is none",
    "function_call_filter: MALFORMED_FUNCTION_CALL",
    "failed",
  ],
];

test.each(REASONS)("%s: %s", (_, reason, finish) => {
  expect(parseChatChunk(chunk({}, reason))?.finish).toBe(finish);
});
