/** Runs of the real application, whose spans are read back from a collector that decodes them by itself. */
import { describe, expect, test } from "vitest";
import { createApp, createServiceApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { createRunGate } from "../../src/http/run-gate.ts";
import { withTelemetry } from "../../src/http/telemetry.ts";
import { protectChat, protectEmbedder } from "../../src/models/protect.ts";
import { createTelemetry } from "../../src/node/telemetry.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";
import { askWith, makeEnd, makeService, playObserved, runStart } from "../support/app.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { type OtlpReceiver, startOtlpReceiver, toTree } from "../support/otlp-receiver.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const question = { question: "Why do retries use jitter?" };
const SECRET = "sk-not-to-be-seen";
const texts = { retries: "Retries use jitter so that clients do not come back together." };

/** The whole service over a store in memory and a scripted model, with a collector. */
async function makeSeen(env: Record<string, string> = {}, scripts: readonly Script[] = []) {
  const receiver = await startOtlpReceiver();
  const lines: string[] = [];
  const config = parseConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${SECRET}`,
    OPENAI_API_KEY: SECRET,
    ...env,
  });
  const telemetry = await createTelemetry(config, { write: (line) => lines.push(line) });
  const { tracer, log } = telemetry;
  const shared = { config, clock: systemClock, upstreams: createUpstreamRegistry(), tracer };
  const embedder = protectEmbedder(wordEmbedder, shared);
  const answers = Array.from({ length: 8 }, () => says("They use jitter [1]."));
  const chat = createScriptedChat(...scripts, ...answers);
  const deps = {
    ...shared,
    log,
    telemetry,
    gate: createRunGate(),
    store: await createTestStore({ faq: texts, handbook: texts }),
    embedders: new Map([[embedder.id, embedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: { lexical: createLexicalReranker() },
    chat: protectChat(chat, [], shared),
  };
  return {
    receiver,
    telemetry,
    config,
    lines,
    app: createApp(deps),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

const wholeTree = [
  "invoke_agent ask(",
  "answer(chat scripted)",
  "embed(embeddings test:words)",
  "open",
  "search:faq/keyword",
  "search:faq/vector",
  "search:handbook/keyword",
  "search:handbook/vector",
  "take",
  "terms",
]
  .join(" + ")
  .replace("( + ", "(")
  .concat(")");

test("a run with concurrent legs has exactly the expected tree, below the caller's span", async () => {
  await using seen = await makeSeen();
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const response = await seen.app.request("/v1/ask", askWith(question, { traceparent }));
  expect(response.status).toBe(200);
  await seen.telemetry.flush();
  const { spans, requests, resource } = seen.receiver;
  expect(toTree(spans)).toBe(wholeTree);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const root = find(seen.receiver, "invoke_agent ask");
  expect(root).toMatchObject({ parentSpanId: "b7ad6b7169203331", kind: 2, status: { code: 0 } });
  expect(root?.attributes).toMatchObject({
    "tributary.run.id": response.headers.get("X-Run-Id"),
    "tributary.outcome": "finished",
    "gen_ai.usage.output_tokens": 20,
  });
  expect(find(seen.receiver, "chat scripted")?.attributes).toEqual({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "scripted",
    "gen_ai.request.max_tokens": expect.any(Number),
    "gen_ai.request.temperature": expect.any(Number),
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.response.finish_reasons": ["stop"],
  });
  for (const span of spans) {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
    if (parent === undefined) continue;
    expect(span.startNs).toBeGreaterThanOrEqual(parent.startNs);
    expect(span.endNs).toBeLessThanOrEqual(parent.endNs);
  }
  expect(resource).toMatchObject({ "service.name": "tributary" });
  expect(requests[0]).toMatchObject({
    path: "/v1/traces",
    headers: { "content-type": "application/x-protobuf", authorization: `Bearer ${SECRET}` },
  });
  expect(JSON.parse(seen.lines.at(-1) ?? "")).toMatchObject({ event: "run", traceId });
});

test("many runs at once have one whole tree each, and none has a span of another", async () => {
  await using seen = await makeSeen({ SHARE_RUNS: "false" });
  const asks = Array.from({ length: 8 }, async () =>
    seen.app.request("/v1/ask", askWith(question)),
  );
  for (const response of await Promise.all(asks)) await response.text();
  await seen.telemetry.flush();
  const byTrace = Map.groupBy(seen.receiver.spans, (span) => span.traceId);
  expect(byTrace.size).toBe(8);
  // The same question is embedded once for all who ask at the same time, in the trace of the first.
  const trees = [...byTrace.values()].map((spans) =>
    toTree(spans).replace("embed(embeddings test:words)", "embed"),
  );
  const tree = wholeTree.replace("embed(embeddings test:words)", "embed");
  expect(trees).toEqual(Array.from({ length: 8 }, () => tree));
});

test("who does not record the trace gets no spans, and still has its id in the log", async () => {
  await using seen = await makeSeen();
  const traceparent = `00-${traceId}-b7ad6b7169203331-00`;
  await seen.app.request("/v1/ask", askWith(question, { traceparent }));
  await seen.telemetry.flush();
  expect(seen.receiver.spans).toEqual([]);
  expect(seen.lines.join()).toContain(traceId);
});

test("a real run with tools has one span for each call of a tool, below its step", async () => {
  const search = { id: "a", name: "search", arguments: '{"query":"jitter"}' };
  await using seen = await makeSeen({}, [
    [
      { type: "tool-calls", calls: [search] },
      { type: "finish", reason: "tool-calls" },
    ],
    says("DONE"),
  ]);
  const response = await seen.app.request("/v1/ask", askWith({ ...question, mode: "agent" }));
  expect(await response.json()).toMatchObject({ outcome: "finished", degraded: [] });
  await seen.telemetry.flush();
  const { spans } = seen.receiver;
  const ofTools = spans.filter(({ name }) => name.includes("tool"));
  expect(ofTools.map(({ name }) => name)).toEqual(["execute_tool search"]);
  expect(ofTools[0]?.parentSpanId).toBe(find(seen.receiver, "step 1")?.spanId);
  expect(toTree(spans)).toContain("gather(chat scripted");
});

describe("steps, tools and sub-agents", () => {
  const call = (step: number, callId: string, name: string, subrunId?: string) => ({
    step,
    callId,
    name,
    ...(subrunId === undefined ? {} : { subrunId }),
  });
  const times = (startMs: number, endMs: number) => ({ startMs, endMs });
  const script: readonly RunEvent[] = [
    runStart,
    { type: "step-start", step: 1 },
    { type: "tool-call", ...call(1, "a", "search"), arguments: {} },
    { type: "tool-call", ...call(1, "b", "read_document"), arguments: {} },
    { type: "tool-result", ...call(1, "b", "read_document"), summary: "", ...times(2, 4) },
    { type: "tool-result", ...call(1, "a", "search"), summary: "", ...times(2, 5) },
    { type: "subrun-start", subrunId: "one", question: "first?" },
    { type: "subrun-start", subrunId: "two", question: "second?" },
    { type: "step-start", step: 1, subrunId: "two" },
    { type: "step-start", step: 1, subrunId: "one" },
    {
      type: "tool-error",
      ...call(1, "c", "search", "two"),
      code: "overloaded",
      detail: "",
      retry: true,
      ...times(6, 7),
    },
    { type: "step-start", step: 2, subrunId: "two" },
    { type: "tool-result", ...call(1, "d", "search", "one"), summary: "", ...times(6, 8) },
    { type: "subrun-end", subrunId: "one", outcome: "finished", passages: 2, ...times(5, 9) },
    {
      type: "subrun-end",
      subrunId: "two",
      outcome: "failed",
      code: "upstream_stalled",
      passages: 0,
      ...times(5, 9),
    },
    { type: "step-start", step: 2 },
    makeEnd({ answerer: "scripted" }),
  ];

  test("each has its own parent, however they overlap", async () => {
    await using receiver = await startOtlpReceiver();
    const config = parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const telemetry = await createTelemetry(config, { write() {} });
    const answer = withTelemetry(playObserved(script), "ask", { ...telemetry, clock: systemClock });
    const service = makeService({ answer, telemetry });
    await createServiceApp(service).request("/v1/ask", askWith(question));
    await telemetry.flush();
    expect(toTree(receiver.spans)).toBe(
      "invoke_agent ask(" +
        "invoke_agent sub-agent(step 1(execute_tool search) + step 2) + " +
        "invoke_agent sub-agent(step 1(execute_tool search)) + " +
        "step 1(execute_tool read_document + execute_tool search) + " +
        "step 2)",
    );
    const failed = receiver.spans.filter(({ status }) => status.code === 2);
    expect(failed.map(({ name, status }) => `${name}: ${status.message}`).toSorted()).toEqual([
      "execute_tool search: overloaded",
      "invoke_agent sub-agent: upstream_stalled",
    ]);
  });
});

describe("content", () => {
  const words = ["jitter", "retries", "clients"];

  test("neither question nor passage nor answer nor key is in spans and log by default", async () => {
    await using seen = await makeSeen();
    await (await seen.app.request("/v1/ask", askWith(question))).text();
    await seen.telemetry.flush();
    expect(seen.receiver.spans.length).toBeGreaterThan(10);
    const all = `${seen.receiver.raw} ${seen.lines.join()}`.toLowerCase();
    expect([...words, SECRET].filter((word) => all.includes(word))).toEqual([]);
  });

  test("is there for those who ask for it by name", async () => {
    await using seen = await makeSeen({ TRACE_CONTENT: "true", LOG_CONTENT: "true" });
    await (await seen.app.request("/v1/ask", askWith(question))).text();
    await seen.telemetry.flush();
    expect(find(seen.receiver, "invoke_agent ask")?.attributes).toMatchObject({
      "gen_ai.input.messages": question.question,
      "gen_ai.output.messages": expect.stringContaining("jitter"),
      "tributary.passages": [texts.retries],
    });
    const lines = seen.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ event }) => event === "run-content")).toMatchObject(question);
    expect(`${seen.receiver.raw} ${seen.lines.join()}`).not.toContain(SECRET);
  });
});

function find({ spans }: OtlpReceiver, name: string) {
  return spans.find((span) => span.name === name);
}
