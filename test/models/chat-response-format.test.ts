/** What an endpoint does with the JSON Schema it is given: takes it, refuses the field, refuses one schema. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { body, refusal, type Reply, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import type { ChatModel, ChatRequest } from "../../src/models/model.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

const outputSchema = { type: "object", properties: { found: { type: "boolean" } } };
const answer = stream([chunk({ role: "assistant", content: "{}" }), chunk({}, "stop")]);
const refuse = (message: string): Reply => refusal(400, { message });

function createChat(responseFormat?: boolean): ChatModel {
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  return createOpenAiChat({
    client,
    model: "m",
    ...(responseFormat === undefined ? {} : { responseFormat }),
  });
}

/** Whether each request of one call held a `response_format`. */
async function ask(chat: ChatModel, change: Partial<ChatRequest> = { outputSchema }) {
  const before = server.requests.length;
  const request = { messages: [], outputTokensMax: 5, temperature: 0, ...change };
  for await (const _ of chat.stream(request, new AbortController().signal));
  return server.requests.slice(before).map(({ body }) => "response_format" in (body as object));
}

test("the schema is sent, and not as strict", async () => {
  server.script(answer);
  expect(await ask(createChat())).toEqual([true]);
  expect(server.requests.at(-1)?.body).toMatchObject({
    response_format: {
      type: "json_schema",
      json_schema: { name: "answer", schema: outputSchema, strict: false },
    },
  });
  expect(await ask(createChat(), {})).toEqual([false]);
});

test("where the setting says so it is not", async () => {
  server.script(answer);
  expect(await ask(createChat(false))).toEqual([false]);
});

test.each([
  "response_format is not supported",
  "Unknown parameter: 'response_format'.",
  "json_schema: extra fields not permitted",
  "This model does not support structured outputs",
])("%s: asked again without it, and never with it again", async (message) => {
  server.script(refuse(message), answer, answer);
  const chat = createChat();
  expect(await ask(chat)).toEqual([true, false]);
  expect(await ask(chat)).toEqual([false]);
});

test("a server that calls the unknown field a failure of its own is asked again without it", async () => {
  // llama-cpp-python 0.3.36
  const message = `1 validation error:
  {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "Input should be 'text' or 'json_object'", 'input': 'json_schema', 'ctx': {'expected': "'text' or 'json_object'"}}

    POST /v1/chat/completions`;
  const error = { message, type: "internal_server_error", param: null, code: null };
  server.script(body({ error }, { status: 500 }), answer, answer);
  const chat = createChat();
  expect(await ask(chat)).toEqual([true, false]);
  expect(await ask(chat)).toEqual([false]);
});

test.each([
  "Invalid schema for response_format 'answer': too deep",
  "Failed to parse grammar",
  "Failed to initialize samplers: std::exception", // llama.cpp, build 11549
  "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details.", // Groq
])("%s: left out for this schema, and sent with the next", async (message) => {
  server.script(refuse(message), answer, answer);
  const chat = createChat();
  expect(await ask(chat)).toEqual([true, false]);
  expect(await ask(chat)).toEqual([true]);
});

test("a refusal that goes on is the call's failure after one other try", async () => {
  server.script(refuse("response_format is not supported"));
  const before = server.requests.length;
  await expect(ask(createChat())).rejects.toMatchObject({ code: "upstream_config" });
  expect(server.requests.length).toBe(before + 2);
});

test("words about a schema say nothing where none was sent", async () => {
  server.script(refuse("the schema of the database is broken"));
  const before = server.requests.length;
  await expect(ask(createChat(), {})).rejects.toMatchObject({ code: "upstream_config" });
  expect(server.requests.length).toBe(before + 1);
});

test("a refusal in place of the value is said as what it is, and in place of words it is the answer", async () => {
  const chunks = [chunk({ refusal: "I cannot " }), chunk({ refusal: "help." }), chunk({}, "stop")];
  server.script(stream(chunks));
  await expect(ask(createChat())).rejects.toMatchObject({
    code: "content_filtered",
    detail: 'the chat model "m" refused to answer',
  });
  expect(await ask(createChat(), {})).toEqual([false]);
});
