import { expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import type { ChatRequest, Embedder } from "../../src/models/model.ts";
import {
  withChatTrace,
  withEmbedderTrace,
  withRerankerTrace,
} from "../../src/models/with-trace.ts";
import { createTraceScope } from "../../src/telemetry/trace-scope.ts";
import { createTracer, noTracer, type SpanRecord } from "../../src/telemetry/tracer.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createScriptedChat, says } from "../support/scripted-chat.ts";

const request: ChatRequest = { messages: [], outputTokensMax: 10, temperature: 0 };
const { signal } = new AbortController();

function makeTracer() {
  const spans: SpanRecord[] = [];
  const [clock, scope] = [createFakeClock(), createTraceScope()];
  const tracer = createTracer({ clock, scope, keep: (span) => spans.push(span), now: () => 0 });
  return { spans, tracer };
}

test("a model is the same object where no spans are kept", () => {
  const chat = createScriptedChat();
  expect(withChatTrace(chat, noTracer)).toBe(chat);
});

test("a stream passes unchanged, and its span tells tokens and finish reason", async () => {
  const { spans, tracer } = makeTracer();
  const script = says("Yes.");
  const deltas: unknown[] = [];
  const chat = withChatTrace(createScriptedChat(script), tracer);
  for await (const delta of chat.stream(request, signal)) deltas.push(delta);
  expect(deltas).toEqual(script);
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({
    name: "chat scripted",
    kind: "client",
    error: undefined,
    attributes: { "gen_ai.usage.output_tokens": 20, "gen_ai.response.finish_reasons": ["stop"] },
  });
});

test.each([
  ["fails", [new AppError("upstream_stalled")], "upstream_stalled"],
  ["breaks off", [{ type: "text", text: "Ye" }], "upstream_truncated"],
] as const)("a stream that %s ends its span with the code", async (_how, script, code) => {
  const { spans, tracer } = makeTracer();
  const chat = withChatTrace(createScriptedChat(script), tracer);
  const readAll = async (): Promise<void> => {
    for await (const _ of chat.stream(request, signal)) continue;
  };
  await readAll().catch(() => undefined);
  expect(spans.map(({ error }) => error)).toEqual([code]);
});

test("a stream that is left is closed below, and its span says so", async () => {
  const { spans, tracer } = makeTracer();
  const scripted = createScriptedChat(says("Many words."));
  for await (const _ of withChatTrace(scripted, tracer).stream(request, signal)) break;
  expect(scripted.aborted).toBe(1);
  expect(spans.map(({ error }) => error)).toEqual(["cancelled"]);
});

test("what is started within a call is below its span", async () => {
  const { spans, tracer } = makeTracer();
  const inner = async (): Promise<readonly number[]> => {
    await Promise.resolve();
    tracer.start("inner").end();
    return [1];
  };
  const reranker = withRerankerTrace({ id: "r", score: inner }, tracer);
  await Promise.all([reranker.score("?", [], signal), reranker.score("?", [], signal)]);
  const calls = spans.filter(({ name }) => name === "rerank r");
  const inners = spans.filter(({ name }) => name === "inner");
  expect(new Set(inners.map((span) => span.parentSpanId))).toEqual(
    new Set(calls.map((span) => span.spanId)),
  );
  expect(calls).toHaveLength(2);
});

test("the span of an embedder names the model, without what stands before documents", async () => {
  const { spans, tracer } = makeTracer();
  const plain: Embedder = {
    id: "openai:intfloat/e5-small-v2|passage: ",
    batchMax: 1,
    fusionWeight: 1,
    embed: () => Promise.resolve([undefined]),
  };
  await withEmbedderTrace(plain, tracer).embed(["x"], "document", signal);
  expect(spans.map(({ name }) => name)).toEqual(["embeddings intfloat/e5-small-v2"]);
});

test("the span of a chat model or reranker has the name that its provider knows, by which collectors count what it costs", async () => {
  const { spans, tracer } = makeTracer();
  for (const [id, model] of [
    ["openai:qwen3:8b", "qwen3:8b"],
    ["openai:openai/gpt-4.1-mini", "openai/gpt-4.1-mini"],
  ] as const) {
    const chat = withChatTrace({ ...createScriptedChat(says("Yes.")), id }, tracer);
    for await (const _ of chat.stream(request, signal)) continue;
    expect(spans.at(-1)).toMatchObject({
      name: `chat ${model}`,
      attributes: { "gen_ai.request.model": model },
    });
  }
  for (const [id, name] of [
    ["rerank:jina-reranker-v2", "rerank jina-reranker-v2"],
    ["workers-ai:@cf/baai/bge-reranker-base", "rerank @cf/baai/bge-reranker-base"],
    ["rerank", "rerank rerank"],
  ] as const) {
    await withRerankerTrace({ id, score: async () => [1] }, tracer).score("?", ["x"], signal);
    expect(spans.at(-1)?.name).toBe(name);
  }
});
