/** What servers want back beside their tool calls: Gemini its signature, DeepSeek its reasoning. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { refusal, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import type { ChatMessage, ChatModel, Echo, ToolCall } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(async () => server[Symbol.asyncDispose]());

const tools = [{ name: "search", description: "Finds.", parameters: { type: "object" } }];
const question: ChatMessage = { role: "user", content: "When?" };
const signature = { google: { thought_signature: "c2ln" } };
const piece = (index: number, rest: object) =>
  chunk({
    tool_calls: [
      { index, id: `c${index}`, function: { name: "search", arguments: "{}" }, ...rest },
    ],
  });
const calling = stream([
  chunk({ reasoning_content: "I look " }),
  chunk({ reasoning_content: "it up." }),
  piece(0, { extra_content: signature }),
  piece(1, {}),
  chunk({}, "tool_calls"),
]);
const done = stream([chunk({ content: "DONE" }), chunk({}, "stop")]);

const createChat = (model = "m"): ChatModel =>
  createOpenAiChat({ client: createOpenAiClient({ apiKey: "k", baseUrl: server.url }), model });

async function ask(chat: ChatModel, messages: readonly ChatMessage[]) {
  const turn: { calls: readonly ToolCall[]; echo?: Echo | undefined } = { calls: [] };
  const request = { messages, outputTokensMax: 50, temperature: 0, tools };
  for await (const delta of chat.stream(request, new AbortController().signal)) {
    if (delta.type === "tool-calls") Object.assign(turn, delta);
  }
  return turn;
}

/** The turn with its calls as the server gets it back, in each request of the second step. */
async function continueWith(chat: ChatModel, { calls, echo }: Awaited<ReturnType<typeof ask>>) {
  const before = server.requests.length;
  const said = { role: "assistant", content: "", toolCalls: calls } as const;
  const results = calls.map(({ id }) => ({ role: "tool", callId: id, content: "x" }) as const);
  await ask(chat, [question, echo === undefined ? said : { ...said, echo }, ...results]);
  return server.requests.slice(before).map(({ body }) => {
    const messages = body["messages"] as readonly Readonly<Record<string, unknown>>[];
    const { reasoning_content: reasoning, tool_calls: called } = messages[1] ?? {};
    const extras = (called as readonly { extra_content?: unknown }[]).map(
      ({ extra_content: extra }) => extra,
    );
    return { reasoning, extras };
  });
}
const nothing = { reasoning: undefined, extras: [undefined, undefined] };

test("a turn with calls goes back with what came beside them", async () => {
  server.script(calling, done);
  const chat = createChat();
  const sent = await continueWith(chat, await ask(chat, [question]));
  expect(sent).toEqual([{ reasoning: "I look it up.", extras: [signature, undefined] }]);
});

test("another model is not told", async () => {
  server.script(calling, done);
  const turn = await ask(createChat(), [question]);
  expect(await continueWith(createChat("other"), turn)).toEqual([nothing]);
});

test("a server that refuses it is asked without, and that is remembered", async () => {
  const message = "property 'reasoning_content' is unsupported";
  server.script(calling, refusal(400, { message }), done, calling, done);
  const chat = createChat();
  const sent = await continueWith(chat, await ask(chat, [question]));
  expect(sent).toEqual([{ reasoning: "I look it up.", extras: [signature, undefined] }, nothing]);
  expect(await continueWith(chat, await ask(chat, [question]))).toEqual([nothing]);
});

test("reasoning in blocks goes back whole: without it OpenRouter's Gemini and Anthropic's thinking models refuse the next step", async () => {
  const details = [{ type: "reasoning.encrypted", data: "c2Vj", id: "c0", index: 0 }];
  const signed = [{ type: "thinking", thinking: "hm", signature: "SIG", index: 0 }];
  server.script(
    stream([
      chunk({ thinking_blocks: signed }),
      chunk({ reasoning_details: details }),
      piece(0, {}),
      chunk({}, "tool_calls"),
    ]),
    done,
  );
  const chat = createChat();
  await continueWith(chat, await ask(chat, [question]));
  const sent = server.requests.at(-1)?.body["messages"] as readonly object[];
  expect(sent[1]).toMatchObject({
    reasoning_details: details,
    thinking_blocks: [{ type: "thinking", thinking: "hm", signature: "SIG" }],
  });
});
