/** Streams that break off: before the first word there may be a reason for it that the server does not tell. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Reply, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

const role = chunk({ role: "assistant" });
const hi = chunk({ content: "hi" });

test.each<[string, Reply, RegExp]>([
  // llama-cpp-python 0.3.36, for a prompt beyond its n_ctx
  ["a role, and a connection that breaks", stream([role], "reset"), /CHAT_CONTEXT_TOKENS_MAX/],
  ["nothing at all, and a polite end", stream([], "clean"), /CHAT_CONTEXT_TOKENS_MAX/],
  ["a role alone", stream([role], "clean"), /CHAT_CONTEXT_TOKENS_MAX/],
  ["a word, and a connection that breaks", stream([hi], "reset"), /broke off its answer$/],
  ["a word, and a polite end", stream([hi], "clean"), /broke off its answer$/],
])("%s", async (_, reply, detail) => {
  server.script(reply);
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const chat = createOpenAiChat({ client, model: "m" });
  const messages = [{ role: "user", content: "q" }] as const;
  const request = { messages, outputTokensMax: 5, temperature: 0 };
  const ask = async (): Promise<void> => {
    for await (const _ of chat.stream(request, new AbortController().signal));
  };
  await expect(ask()).rejects.toMatchObject({
    code: "upstream_truncated",
    detail: expect.stringMatching(detail),
  });
});
