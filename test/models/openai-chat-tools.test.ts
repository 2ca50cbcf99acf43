import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChatDelta, ChatRequest } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { refusal } from "../../scripts/chaos/reply.ts";
import { startUpstream } from "../../scripts/chaos/upstream.ts";

let mock: LLMock;
beforeAll(async () => {
  mock = await LLMock.create({ port: 0 });
});
afterAll(async () => {
  await mock.stop();
});

const offer = { name: "search", description: "Finds.", parameters: { type: "object" } };

async function ask(
  messages: ChatRequest["messages"],
  baseUrl = `${mock.url}/v1`,
): Promise<readonly ChatDelta[]> {
  const client = createOpenAiClient({ apiKey: "k", baseUrl });
  const chat = createOpenAiChat({ client, model: "m" });
  const request = { messages, outputTokensMax: 50, temperature: 0, tools: [offer] };
  const deltas: ChatDelta[] = [];
  for await (const delta of chat.stream(request, new AbortController().signal)) deltas.push(delta);
  return deltas;
}

test("a model that calls a tool gives the whole call, then the finish that says so", async () => {
  mock.onMessage(/weather/, { toolCalls: [{ name: "search", arguments: '{"query":"rain"}' }] });
  const deltas = await ask([{ role: "user", content: "weather" }]);
  expect(deltas.filter(({ type }) => type !== "usage")).toEqual([
    {
      type: "tool-calls",
      calls: [{ id: expect.any(String), name: "search", arguments: '{"query":"rain"}' }],
    },
    { type: "finish", reason: "tool-calls" },
  ]);
});

test("a server that takes no tools is told apart from a wrong setting", async () => {
  mock.onMessage(/refuse/, { error: { message: "tools are not supported" }, status: 400 });
  await expect(ask([{ role: "user", content: "refuse" }])).rejects.toMatchObject({
    code: "unsupported_option",
    retryable: false,
  });
});

test("OpenRouter has no endpoint that takes tools, which it calls not found", async () => {
  mock.onMessage(/nowhere/, {
    error: {
      message:
        "No endpoints found that support tool use. To learn more about provider routing, visit the docs",
    },
    status: 404,
  });
  await expect(ask([{ role: "user", content: "nowhere" }])).rejects.toMatchObject({
    code: "unsupported_option",
  });
});

test.each([
  // Groq, of a call that is none
  [
    {
      message: "tool call validation failed: attempted to call tool 'x' which was not in request",
      code: "tool_use_failed",
    },
    "upstream_bad_response",
  ],
  [
    { message: "maximum context length is 8192 tokens, got 9000 in the messages and the tools" },
    "context_too_long",
  ],
])("a refusal that only mentions tools is what it is: %j", async (error, code) => {
  await using upstream = await startUpstream();
  upstream.script(refusal(400, error));
  await expect(ask([{ role: "user", content: "q" }], upstream.url)).rejects.toMatchObject({ code });
});

test("a call whose stream ends without a finish reason is none, whole as it looks", async () => {
  const rules = [{ on: "chat" as const, fault: "shape=tool-search-eof" }];
  await using upstream = await startUpstream({ settings: { rules } });
  await expect(ask([{ role: "user", content: "cut" }], upstream.url)).rejects.toMatchObject({
    code: "upstream_truncated",
  });
});

test("a model that says nothing to what its tools gave is done; to a question it must say something", async () => {
  const settings = { rules: [{ on: "chat" as const, fault: "empty" }] };
  await using upstream = await startUpstream({ settings });
  const question = { role: "user", content: "weather" } as const;
  const call = { id: "c1", name: "search", arguments: "{}" };
  const deltas = await ask(
    [
      question,
      { role: "assistant", content: "", toolCalls: [call] },
      { role: "tool", callId: "c1", content: "It rains." },
    ],
    upstream.url,
  );
  expect(deltas.at(-1)).toEqual({ type: "finish", reason: "stop" });
  await expect(ask([question], upstream.url)).rejects.toMatchObject({
    code: "upstream_bad_response",
  });
});
