/** Models that know no system: asked again with its words before the user's, and never with a system again. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { body, refusal, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import type { ChatModel } from "../../src/models/model.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

/** The roles of each request of one call. */
async function ask(chat: ChatModel) {
  const before = server.requests.length;
  const messages = [
    { role: "system", content: "rules" },
    { role: "user", content: "q" },
  ] as const;
  const request = { messages, outputTokensMax: 5, temperature: 0 };
  for await (const _ of chat.stream(request, new AbortController().signal));
  return server.requests
    .slice(before)
    .map((one) => (one.body["messages"] as { role: string }[]).map(({ role }) => role));
}

test.each([
  // Gemma 2 on vLLM (vllm-project/vllm#2964)
  { object: "error", message: "System role not supported", type: "BadRequestError", code: 400 },
  // Mistral 7B v0.1 on vLLM (vllm-project/vllm#2080)
  { error: { message: "Conversation roles must alternate user/assistant/user/assistant/..." } },
  // o1-mini
  {
    error: {
      message: "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
    },
  },
  // Bedrock's Converse behind a gateway
  { message: "This model doesn't support system messages. Try again without a system message." },
  // Gemma at Gemini's compatible endpoint
  [
    {
      error: { code: 400, message: "Developer instruction is not enabled for models/gemma-3-27b" },
    },
  ],
])("%j", async (refused) => {
  const answer = stream([chunk({ content: "hi" }), chunk({}, "stop")]);
  server.script(body(refused, { status: 400 }), answer, answer);
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const chat = createOpenAiChat({ client, model: "m" });
  expect(await ask(chat)).toEqual([["system", "user"], ["user"]]);
  expect(await ask(chat)).toEqual([["user"]]);
});

test("a refusal of something else in a system is the call's failure", async () => {
  server.script(refusal(400, { message: "our system is not happy with your messages" }));
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const asking = ask(createOpenAiChat({ client, model: "m" }));
  await expect(asking).rejects.toMatchObject({ code: "upstream_config" });
});
