/** Servers that do not look at the limit of an answer's tokens: what is written on is not waited for. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Reply, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import type { ChatDelta } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";

const TOKENS = 10;
/** No tokens are that long all through. */
const CHARS = 160;

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

const words = (chars: number): object => chunk({ content: "word ".repeat(chars / 5) });
async function ask(reply: Reply, outputTokensMax = TOKENS): Promise<readonly ChatDelta[]> {
  server.script(reply);
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const chat = createOpenAiChat({ client, model: "m" });
  const messages = [{ role: "user", content: "q" }] as const;
  const request = { messages, outputTokensMax, temperature: 0 };
  const deltas: ChatDelta[] = [];
  for await (const delta of chat.stream(request, new AbortController().signal)) deltas.push(delta);
  return deltas;
}

test.each<[string, Reply]>([
  ["goes on without an end", stream([words(CHARS), words(5), words(5)], "hang")],
  ["is sent all at once", stream([words(50 * CHARS)], "hang")],
])("an answer that %s was cut at its limit", async (_, reply) => {
  const deltas = await ask(reply);
  expect(deltas.at(-1)).toEqual({ type: "finish", reason: "length" });
  const text = deltas.map((delta) => (delta.type === "text" ? delta.text : "")).join("");
  expect(text).toHaveLength(CHARS);
});

test("one that ends there has not been cut", async () => {
  const deltas = await ask(stream([words(CHARS), chunk({}, "stop")]));
  expect(deltas.at(-1)).toEqual({ type: "finish", reason: "stop" });
});

test("what is cut there is whole characters", async () => {
  const deltas = await ask(stream([words(CHARS - 5), chunk({ content: "🙂".repeat(9) })], "hang"));
  expect(deltas).toContainEqual({ type: "text", text: expect.stringMatching(/🙂🙂$/u) });
});

test("an answer of millions of characters is none, however many tokens are allowed", async () => {
  const long = chunk({ content: "x".repeat(900_000) });
  await expect(ask(stream([long, long, long]), 1_000_000)).rejects.toMatchObject({
    code: "upstream_bad_response",
    detail: expect.stringContaining("2097152 characters"),
  });
});
