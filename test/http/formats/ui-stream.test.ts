/** `POST /v1/chat`, seen by the AI SDK's own transport, reader and chunk schema. */
import {
  DefaultChatTransport,
  readUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
  uiMessageChunkSchema,
} from "ai";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/domain/event.ts";
import type { Runner } from "../../../src/http/service.ts";
import {
  askWith,
  goodRun,
  makeApp,
  makeEnd,
  makeService,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
} from "../../support/app.ts";

const user: UIMessage = {
  id: "m1",
  role: "user",
  parts: [{ type: "text", text: "What are timeouts?" }],
};

async function send(options: TestOptions, { body = {}, messages = [user] } = {}) {
  const service = makeService(options);
  const server = await serveTest(service);
  const transport = new DefaultChatTransport({ api: `${server.url}/v1/chat`, body });
  const abort = new AbortController();
  const stream = transport.sendMessages({
    chatId: "c1",
    trigger: "submit-message",
    messageId: undefined,
    messages,
    abortSignal: abort.signal,
  });
  return { service, server, abort, stream };
}

async function read(events: readonly RunEvent[]): Promise<UIMessage | undefined> {
  const { server, stream } = await send({ answer: play(events) });
  let last: UIMessage | undefined;
  for await (const message of readUIMessageStream({ stream: await stream })) last = message;
  await server[Symbol.asyncDispose]();
  return last;
}

const call = { step: 1, callId: "c1", name: "search" };
const times = { startMs: 1, endMs: 2 };
const everything: readonly RunEvent[] = [
  runStart,
  {
    type: "leg-end",
    collection: "guide",
    retriever: "keyword",
    status: "found",
    ...times,
    found: 1,
    kept: 1,
  },
  retrievalEnd,
  { type: "step-start", step: 1 },
  { type: "tool-call", ...call, arguments: { query: "timeouts" } },
  { type: "subrun-start", subrunId: "s1", question: "limits?" },
  { type: "tool-call", ...call, arguments: { query: "limits" }, subrunId: "s1" },
  {
    type: "tool-error",
    ...call,
    code: "x",
    detail: "it failed",
    retry: true,
    ...times,
    subrunId: "s1",
  },
  { type: "subrun-end", subrunId: "s1", outcome: "finished", passages: 0, ...times },
  { type: "tool-result", ...call, summary: "1 passage", ...times },
  { type: "degraded", code: "rerank_skipped" },
  { type: "usage", inputTokens: 1, outputTokens: 1, requests: 1 },
  { type: "output-partial", value: { a: 1 } },
  ...goodRun.slice(2),
];

test("every chunk of every kind of event is one that the AI SDK knows", async () => {
  const response = await makeApp(makeService({ answer: play(everything) })).request(
    "/v1/chat",
    askWith({ messages: [user] }),
  );
  expect(response.headers.get("x-vercel-ai-ui-message-stream")).toBe("v1");
  const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
  expect(lines.at(-1)).toBe("data: [DONE]");
  const { validate } = uiMessageChunkSchema();
  const types: string[] = [];
  for (const line of lines.slice(0, -1)) {
    const chunk = JSON.parse(line.slice("data: ".length)) as UIMessageChunk;
    expect(await validate?.(chunk)).toMatchObject({ success: true });
    types.push(chunk.type);
  }
  expect(types[0]).toBe("start");
  expect(types.at(-1)).toBe("finish");
  expect(types).toEqual(
    expect.arrayContaining(["source-document", "data-ledger", "data-timeline", "data-citation"]),
  );
});

test("the reader makes one message of it, with sources, tools and data", async () => {
  const message = await read(everything);
  expect(message?.id).toBe("run-1");
  const of = (type: string) => message?.parts.filter((part) => part.type === type) ?? [];
  expect(of("text")).toMatchObject([{ text: "Timeouts are limits. [1]", state: "done" }]);
  expect(of("source-document")).toMatchObject([{ title: "A", filename: "a.md" }]);
  expect(of("dynamic-tool")).toMatchObject([
    { toolName: "search", state: "output-available", output: "1 passage" },
    { toolName: "search", state: "output-error", errorText: "it failed" },
  ]);
  expect(of("data-citation")).toMatchObject([{ data: { label: 1 } }]);
  expect(of("data-check")).toMatchObject([{ data: { verdict: "supported" } }]);
  expect(of("data-passage")).toMatchObject([{ data: { text: "Timeouts are limits." } }]);
  expect(message?.metadata).toMatchObject({ runId: "run-1", grounding: "grounded" });
});

test("withdrawn text is gone from the message, with its citations", async () => {
  const [, , , , citation] = goodRun;
  const message = await read([
    runStart,
    retrievalEnd,
    { type: "text-delta", text: "Wrong." },
    citation!,
    { type: "text-reset" },
    { type: "text-delta", text: "Right." },
    makeEnd(),
  ]);
  const texts = message?.parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  expect(texts).toEqual(["Right."]);
  expect(message?.parts.filter(({ type }) => type === "data-citation")).toEqual([]);
  expect(message?.parts.filter(({ type }) => type === "source-document")).toHaveLength(1);
});

test("a run that breaks off is an error for the client and never finishes", async () => {
  const error = { code: "upstream_truncated" as const, retryable: true, detail: "it broke off" };
  const events = [...goodRun.slice(0, -1), makeEnd({ outcome: "failed", error })];
  const { server, stream } = await send({ answer: play(events) });
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of await stream) chunks.push(chunk);
  await server[Symbol.asyncDispose]();
  expect(chunks.at(-1)).toEqual({ type: "error", errorText: "it broke off" });
  expect(chunks.some(({ type }) => type === "finish")).toBe(false);
});

test("a run that was cancelled is an abort", async () => {
  const error = { code: "cancelled" as const, retryable: false };
  const events = [...goodRun.slice(0, -1), makeEnd({ outcome: "cancelled", error })];
  const { server, stream } = await send({ answer: play(events) });
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of await stream) chunks.push(chunk);
  await server[Symbol.asyncDispose]();
  expect(chunks.at(-1)).toMatchObject({ type: "abort" });
});

test("stopping in the client ends the run", async () => {
  const aborted = Promise.withResolvers<unknown>();
  const endless: Runner = async function* (_ask, signal) {
    yield runStart;
    yield retrievalEnd;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    aborted.resolve(signal.reason);
    yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
  };
  const { server, stream, abort } = await send({ answer: endless });
  await stream;
  abort.abort();
  expect(await aborted.promise).toMatchObject({ code: "cancelled" });
  await server[Symbol.asyncDispose]();
});

test("the conversation and our options reach the run", async () => {
  const earlier: UIMessage[] = [
    { id: "s", role: "system", parts: [{ type: "text", text: "Be brief." }] },
    { id: "a", role: "user", parts: [{ type: "text", text: "What is a deadline?" }] },
    {
      id: "b",
      role: "assistant",
      parts: [
        { type: "source-document", sourceId: "1", mediaType: "text/plain", title: "A" },
        { type: "text", text: "An instant." },
        { type: "data-check", data: {} },
      ],
    },
    {
      id: "c",
      role: "user",
      parts: [
        { type: "file", mediaType: "image/png", url: "data:image/png;base64,AAAA" },
        { type: "text", text: "As a value?" },
      ],
    },
    {
      id: "d",
      role: "assistant",
      parts: [{ type: "data-output", id: "output", data: { is: "an instant" } }],
    },
  ];
  const { service, server, stream } = await send(
    {},
    { body: { collections: ["guide"], deadlineMs: 900 }, messages: [...earlier, user] },
  );
  for await (const _ of await stream);
  await server[Symbol.asyncDispose]();
  expect(service.asked).toMatchObject([
    {
      question: "What are timeouts?",
      collections: ["guide"],
      deadlineMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 900),
      instructions: "Be brief.",
      history: [
        { content: "What is a deadline?" },
        { role: "assistant", content: "An instant." },
        { content: "As a value?" },
        { role: "assistant", content: '{"is":"an instant"}' },
      ],
    },
  ]);
});

describe("an error before the stream", () => {
  const asText = (text: unknown) => ({ ...user, parts: [{ type: "text", text }] });
  const bad: readonly (readonly [body: unknown, words: string])[] = [
    [{}, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: "x" }, "messages"],
    [{ messages: [{ role: "user" }] }, "messages[0].parts"],
    [{ messages: [{ ...user, role: "tool" }] }, "messages[0].role"],
    [{ messages: [asText(5)] }, "messages[0].parts[0].text"],
    [{ messages: [asText("")] }, "messages[0].parts"],
    [{ messages: [{ ...user, parts: [{ type: "file", url: "x" }] }] }, "messages[0].parts[0]"],
    [{ messages: [{ ...user, role: "assistant" }] }, "messages"],
    [{ messages: [user], question: "x" }, "question"],
    [{ messages: [user], nonsense: 1 }, "nonsense"],
    [{ messages: [user], trigger: "x" }, "trigger"],
    [null, "body"],
  ];
  test.each(bad)("%j is told in one sentence", async (body, words) => {
    const service = makeService();
    const response = await makeApp(service).request("/v1/chat", askWith(body));
    expect(response.status).toBe(400);
    expect(response.headers.get("Content-Type")).toContain("text/plain");
    expect(response.headers.get("X-Error-Code")).toBe("invalid_request");
    expect(await response.text()).toContain(words);
    expect(service.asked).toEqual([]);
  });

  test("is the message that the client shows", async () => {
    const error = { code: "overloaded" as const, retryable: true, detail: "too busy" };
    const { server, stream } = await send({
      answer: play([runStart, makeEnd({ outcome: "failed", error })]),
    });
    await expect(stream).rejects.toThrow("too busy");
    await server[Symbol.asyncDispose]();
  });
});
