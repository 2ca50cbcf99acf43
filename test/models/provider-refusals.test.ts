/** How providers word their refusals, as bodies over HTTP: what is said decides, wherever in the body it stands. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { body, type Reply, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import type { AppError, ErrorCode } from "../../src/errors.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

const TOO_LONG = "context_too_long";
const FILTERED = "content_filtered";

/** Who refuses, with which status and body, and what it is. */
const REFUSALS: readonly (readonly [string, number, unknown, ErrorCode])[] = [
  [
    "vLLM before 0.11 and SGLang: at the top (vllm-project/vllm#2964)",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
    TOO_LONG,
  ],
  [
    "Gemini: a list (google-gemini/gemini-cli#12823)",
    400,
    [
      {
        error: {
          code: 400,
          message:
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
          status: "INVALID_ARGUMENT",
        },
      },
    ],
    TOO_LONG,
  ],
  [
    "Mistral: at the top, the code a number in words",
    400,
    {
      object: "error",
      message:
        "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
      type: "invalid_request_invalid_args",
      param: null,
      code: "3051",
    },
    TOO_LONG,
  ],
  [
    "text-generation-inference: a string beside its type",
    422,
    {
      error:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
      error_type: "validation",
    },
    TOO_LONG,
  ],
  [
    "Cohere: a message alone",
    400,
    { message: "too many tokens: total number of tokens in the prompt cannot exceed 4081" },
    TOO_LONG,
  ],
  [
    "FastAPI: a detail alone",
    400,
    { detail: "Requested tokens (5000) exceed context window of 4096" },
    TOO_LONG,
  ],
  [
    "Workers AI: a list under another name",
    400,
    {
      success: false,
      errors: [
        {
          code: 5021,
          message:
            "AiError: The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (8192)",
        },
      ],
      result: {},
      messages: [],
    },
    TOO_LONG,
  ],
  [
    "OpenRouter: what the provider behind it said stands below",
    400,
    {
      error: {
        message: "Provider returned error",
        code: 400,
        metadata: {
          provider_name: "Anthropic",
          raw: '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}',
        },
      },
    },
    TOO_LONG,
  ],
  [
    "llama.cpp's embeddings: an outage by its status (seen, build 11549)",
    500,
    {
      error: {
        code: 500,
        message:
          "input (18002 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
        type: "server_error",
      },
    },
    TOO_LONG,
  ],
  [
    "llama.cpp without --embeddings, which waiting does not mend (seen, build 11549)",
    501,
    {
      error: {
        code: 501,
        message: "This server does not support embeddings. Start it with `--embeddings`",
        type: "not_supported_error",
      },
    },
    "upstream_config",
  ],
  [
    "Ollama's embeddings before 0.13: an outage by its status",
    500,
    { error: { message: "the input length exceeds the context length", type: "api_error" } },
    TOO_LONG,
  ],
  ["in plain text", 400, "prompt is too long: 208310 tokens > 200000 maximum", TOO_LONG],
  [
    "Azure",
    400,
    {
      error: {
        message:
          "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation" },
      },
    },
    FILTERED,
  ],
  [
    "OpenRouter's moderation, which is no wrong key (its page on errors)",
    403,
    {
      error: {
        code: 403,
        message: "openai/gpt-4o requires moderation. Your input was flagged for harassment.",
        metadata: { reasons: ["harassment"], flagged_input: "…", provider_name: "OpenAI" },
      },
    },
    FILTERED,
  ],
  [
    "xAI: a string beside its code",
    403,
    {
      code: "The caller does not have permission to execute the specified operation",
      error: "Content violates usage guidelines. Team: t, API key ID: k, Model: grok-4",
    },
    FILTERED,
  ],
  [
    "DashScope",
    400,
    {
      error: {
        code: "data_inspection_failed",
        message: "Input data may contain inappropriate content.",
        param: null,
        type: "data_inspection_failed",
      },
    },
    FILTERED,
  ],
  [
    "Anthropic",
    400,
    {
      error: {
        code: "invalid_request_error",
        message: "Output blocked by content filtering policy",
        type: "invalid_request_error",
        param: null,
      },
    },
    FILTERED,
  ],
  [
    "Groq: a call that its model wrote wrong, and may write right (its page on tools)",
    400,
    {
      error: {
        message: "Failed to call a function. Please adjust your prompt. See 'failed_generation'.",
        type: "invalid_request_error",
        code: "tool_use_failed",
        failed_generation: "<function=search{}",
      },
    },
    "upstream_bad_response",
  ],
  [
    "a key that may not, which is none of them",
    403,
    { error: { message: "Your key has no permission for this model", code: 403 } },
    "upstream_config",
  ],
  [
    "a request that is wrong and quoted: its words are the caller's own",
    422,
    {
      detail: [
        {
          type: "missing",
          loc: ["body", "prompt"],
          msg: "Field required",
          input: { messages: "the maximum context length of the prompt was flagged" },
        },
      ],
    },
    "upstream_config",
  ],
];

async function ask(reply: Reply): Promise<unknown> {
  server.script(reply);
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const chat = createOpenAiChat({ client, model: "m" });
  const request = {
    messages: [{ role: "user", content: "q" }] as const,
    outputTokensMax: 5,
    temperature: 0,
  };
  try {
    for await (const _ of chat.stream(request, new AbortController().signal));
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

test.each(REFUSALS)("%s (HTTP %d)", async (_, status, refusal, code) => {
  const error = await ask(body(refusal, { status }));
  expect(error).toMatchObject({ code });
  expect((error as AppError).detail).toContain(`(HTTP ${status})`);
});

/** The same within a stream that began with status 200. */
const WITHIN: readonly (readonly [string, object | string, ErrorCode])[] = [
  [
    "vLLM before 0.11: at the top",
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400,
    },
    TOO_LONG,
  ],
  [
    "LM Studio: an event with a message and no code",
    'event: error\ndata: {"error":{"message":"The number of tokens to keep from the initial prompt is greater than the context length."}}\n\n',
    TOO_LONG,
  ],
  [
    "a string and no code",
    { error: "Trying to keep the first 5000 tokens when context the overflows the model length" },
    TOO_LONG,
  ],
  [
    "OpenRouter: a chunk with an error and a finish reason",
    {
      ...chunk({ content: "" }, "error"),
      error: { code: "server_error", message: "Provider disconnected" },
    },
    "upstream_unavailable",
  ],
  ["FastAPI: a detail alone", { detail: "internal error" }, "upstream_bad_response"],
];

test.each(WITHIN)("%s, within a stream", async (_, event, code) => {
  const error = await ask(stream([chunk({ role: "assistant", content: "" }), event], "clean"));
  expect(error).toMatchObject({ code });
});

/** What is learned from a refusal, in whatever form it comes: the field that is not sent again. */
const LEARNED: readonly (readonly [string, number, unknown, string])[] = [
  [
    "Mistral: FastAPI's list below the message",
    422,
    {
      object: "error",
      message: {
        detail: [
          {
            type: "extra_forbidden",
            loc: ["body", "stream_options"],
            msg: "Extra inputs are not permitted",
            input: { include_usage: true },
          },
        ],
      },
      type: "invalid_request_error",
    },
    "stream_options",
  ],
  [
    "FastAPI",
    422,
    { detail: [{ type: "extra_forbidden", loc: ["body", "temperature"], msg: "Extra inputs" }] },
    "temperature",
  ],
  [
    "LiteLLM, in its words",
    400,
    {
      error: {
        message:
          "litellm.UnsupportedParamsError: o1 does not support parameters: ['temperature'], for model=o1.",
        type: "None",
        param: null,
        code: "400",
      },
    },
    "temperature",
  ],
  ["SGLang: at the top", 400, { object: "error", message: "max_tokens is unknown" }, "max_tokens"],
];

test.each(LEARNED)("%s: %d", async (_, status, refusal, field) => {
  const answer = stream([chunk({ content: "hi" }), chunk({}, "stop")]);
  const refuse = body(refusal, { status });
  const before = server.requests.length;
  const reply: Reply = (response, request) =>
    (field in request.body ? refuse : answer)(response, request);
  expect(await ask(reply)).toBeUndefined();
  expect(server.requests.slice(before).map((one) => field in one.body)).toEqual([true, false]);
});

test("Anthropic's empty account is a bad request, and says what to check", async () => {
  const error = await ask(
    body(
      {
        error: {
          code: "invalid_request_error",
          message:
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
          type: "invalid_request_error",
          param: null,
        },
      },
      { status: 400 },
    ),
  );
  expect(error).toMatchObject({ code: "upstream_config" });
  expect((error as AppError).detail).toContain(
    "no credit left: check the account of OPENAI_API_KEY",
  );
});

test.each([
  ["34.074824224s", {}, 34_075],
  ["3s", { "retry-after": "7" }, 7_000],
  ["soon", {}, undefined],
])("Gemini's delay stands in the body: %s beside %j", async (retryDelay, headers, retryAfterMs) => {
  const refused = {
    error: {
      code: 429,
      message: "You exceeded your current quota, please check your plan and billing details.",
      status: "RESOURCE_EXHAUSTED",
      details: [
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay },
      ],
    },
  };
  const error = (await ask(body([refused], { status: 429, headers }))) as AppError;
  expect(error.code).toBe("upstream_rate_limited");
  expect(error.retryAfterMs).toBe(retryAfterMs);
});

test.each([
  ["in seconds", { "llm_provider-retry-after": "3" }, 3_000],
  ["in milliseconds", { "llm_provider-retry-after-ms": "250" }, 250],
  ["beside its own", { "llm_provider-retry-after-ms": "250", "retry-after": "7" }, 7_000],
])(
  "LiteLLM's proxy tells the model's delay under a name of its own: %s",
  async (_, headers, ms) => {
    const refused = { error: { message: "litellm.RateLimitError: …", code: "429" } };
    const error = (await ask(body(refused, { status: 429, headers }))) as AppError;
    expect(error).toMatchObject({ code: "upstream_rate_limited", retryAfterMs: ms });
  },
);
