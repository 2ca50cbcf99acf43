import { expect, test } from "vitest";
import { type Refusal, toRefusalError, type Upstream } from "../../src/models/upstream.ts";

const upstream: Upstream = {
  name: 'the chat model "m"',
  settings: { url: "OPENAI_BASE_URL", key: "OPENAI_API_KEY", model: "CHAT_MODEL" },
};

/** How endpoints say that a prompt is too long, in the words and fields of each. */
const REFUSALS: readonly (readonly [string, Refusal])[] = [
  ["OpenAI", { status: 400, code: "context_length_exceeded", type: "invalid_request_error" }],
  ["OpenAI, a string", { status: 400, code: "string_above_max_length" }],
  [
    "Azure",
    {
      status: 400,
      message: "This model's maximum context length is 8192 tokens, however you requested 9000.",
    },
  ],
  [
    "vLLM",
    {
      status: 400,
      code: 400,
      type: "BadRequestError",
      message: "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    },
  ],
  [
    "llama.cpp",
    {
      status: 400,
      code: 400,
      type: "exceed_context_size_error",
      message: "the request exceeds the available context size, try increasing it",
    },
  ],
  [
    "Anthropic",
    {
      status: 400,
      type: "invalid_request_error",
      message: "prompt is too long: 208310 tokens > 200000 maximum",
    },
  ],
  ["Anthropic, by size", { status: 413, type: "request_too_large" }],
  [
    "Gemini",
    {
      status: 400,
      code: 400,
      message:
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    },
  ],
  [
    "Mistral",
    {
      status: 400,
      code: "3051",
      message:
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    },
  ],
  [
    "Cohere",
    {
      status: 400,
      message: "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    },
  ],
  ["Bedrock", { status: 400, message: "Input is too long for requested model." }],
  [
    "Together",
    {
      status: 422,
      message: "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 tokens",
    },
  ],
  ["TEI", { status: 413, type: "Validation", message: "`inputs` must have less than 512 tokens" }],
  ["DeepSeek", { status: 400, message: "Range of input length should be [1, 30720]" }],
  ["within a stream", { code: "context_length_exceeded", type: "invalid_request_error" }],
  ["within a stream, by message", { code: 400, message: "maximum context length is 4096 tokens" }],
];

test.each(REFUSALS)("%s", (_, refusal) => {
  expect(toRefusalError(refusal, upstream).code).toBe("context_too_long");
});

const OTHERS: readonly (readonly [string, Refusal])[] = [
  ["a setting out of range", { status: 400, message: "temperature must be between 0 and 2" }],
  ["a model that is not there", { status: 404, message: "The model `m` does not exist" }],
  [
    "an output limit",
    { status: 400, code: "invalid_value", message: "max_tokens is not supported" },
  ],
  [
    "tokens per minute",
    {
      status: 429,
      code: "rate_limit_exceeded",
      message: "Rate limit reached: tokens per min limit 30000",
    },
  ],
];

test.each(OTHERS)("%s is something else", (_, refusal) => {
  expect(toRefusalError(refusal, upstream).code).not.toBe("context_too_long");
});
