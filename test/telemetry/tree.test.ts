/** Runs of the real application, whose spans are read back from a collector that decodes them by itself. */
import { describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import type { ChatModel } from "../../src/models/model.ts";
import { protectChat, protectEmbedder } from "../../src/models/protect.ts";
import { createTelemetry } from "../../src/node/telemetry/telemetry.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";
import { askWith } from "../support/app.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
  toTree,
} from "../support/otlp-receiver.ts";
import { calls, createRoleChat } from "../support/role-chat.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const question = { question: "Why do retries use jitter?" };
const SECRET = "sk-not-to-be-seen";
const texts = { retries: "Retries use jitter so that clients do not come back together." };

/** The whole service over a store in memory and a scripted model, with a collector. */
async function makeSeen(env: Record<string, string> = {}, model?: ChatModel) {
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
  const chat = model ?? createScriptedChat(...answers);
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

/** Legs of a search over both collections. */
const SEARCH = [
  "embed(embeddings test:words)",
  "search:faq/keyword",
  "search:faq/vector",
  "search:handbook/keyword",
  "search:handbook/vector",
  "take",
  "terms",
];
const join = (...parts: readonly string[]): string => parts.toSorted().join(" + ");
const TOOLS: Script = [
  {
    type: "tool-calls",
    calls: [
      { id: "a", name: "search", arguments: '{"query":"what clients do together"}' },
      { id: "b", name: "list_collections", arguments: "{}" },
      { id: "c", name: "retries", arguments: "{}" },
    ],
  },
  { type: "finish", reason: "tool-calls" },
];

test("a run with tools has its calls of the model and of tools below their steps, and their work below them", async () => {
  await using seen = await makeSeen(
    {},
    createScriptedChat(TOOLS, says("DONE"), says("They use jitter [1].")),
  );
  const response = await seen.app.request("/v1/ask", askWith({ ...question, mode: "agent" }));
  expect(await response.json()).toMatchObject({ outcome: "finished", degraded: [] });
  await seen.telemetry.flush();
  const tools = join(
    "chat scripted",
    "execute_tool list_collections",
    `execute_tool search(${join(...SEARCH)})`,
    "execute_tool unknown",
  );
  const gathered = `gather(step 1(${tools}) + step 2(chat scripted))`;
  expect(toTree(seen.receiver.spans)).toBe(
    `invoke_agent ask(${join("open", "answer(chat scripted)", gathered, ...SEARCH)})`,
  );
  expect(find(seen.receiver, "execute_tool unknown")).toMatchObject({
    status: { code: 2, message: "unknown_tool" },
    attributes: { "gen_ai.tool.call.id": "c" },
  });
});

test("a run with sub-agents has one tree for each of them, however they overlap", async () => {
  const parts = ["When does a breaker open?", "What does a queue reject?"];
  const { chat } = createRoleChat(({ role, question: part, turn }) => {
    if (role === "plan") return says(JSON.stringify(parts));
    if (role === "answer") return says("They use jitter [1].");
    if (turn > 0) return says("DONE");
    if (part === parts[1]) return [new AppError("content_filtered")];
    return calls("search", { query: "breakers" });
  });
  await using seen = await makeSeen({}, chat);
  const response = await seen.app.request("/v1/ask", askWith({ ...question, mode: "research" }));
  expect(await response.json()).toMatchObject({ outcome: "finished" });
  await seen.telemetry.flush();
  const search = `execute_tool search(${join(...SEARCH)})`;
  const first = join(`step 1(${join("chat scripted", search)})`, "step 2(chat scripted)");
  const [one, other] = [join(first, ...SEARCH), join("step 1(chat scripted)", ...SEARCH)];
  const agents = [one, other].map((inner) => `invoke_agent sub-agent(${inner})`);
  const around = ["open", "plan(chat scripted)", "answer(chat scripted)"];
  expect(toTree(seen.receiver.spans)).toBe(
    `invoke_agent ask(${join(...around, ...agents, ...SEARCH)})`,
  );
  const failed = seen.receiver.spans.filter(({ status }) => status.code === 2);
  expect(failed.map(({ name, status }) => `${name}: ${status.message}`).toSorted()).toEqual([
    "chat scripted: content_filtered",
    "invoke_agent sub-agent: content_filtered",
    "step 1: content_filtered",
  ]);
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
    const root = find(seen.receiver, "invoke_agent ask");
    expect(root?.attributes).toMatchObject({ "tributary.passages": [texts.retries] });
    expect(readMessages(root)).toEqual([
      [{ role: "user", parts: [{ type: "text", content: question.question }] }],
      [
        {
          role: "assistant",
          parts: [{ type: "text", content: expect.stringContaining("jitter") }],
          finish_reason: "stop",
        },
      ],
    ]);
    const lines = seen.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ event }) => event === "run-content")).toMatchObject(question);
    expect(`${seen.receiver.raw} ${seen.lines.join()}`).not.toContain(SECRET);
  });
});

test("calls of tools are in the messages of a call of the model, as the conventions write them", async () => {
  const chat = createScriptedChat(TOOLS, says("DONE"), says("They use jitter [1]."));
  await using seen = await makeSeen({ TRACE_CONTENT: "true" }, chat);
  await seen.app.request("/v1/ask", askWith({ ...question, mode: "agent" }));
  await seen.telemetry.flush();
  const [first, second] = seen.receiver.spans
    .filter(({ name }) => name === "chat scripted")
    .map(readMessages);
  const [, said] = first ?? [];
  expect(said).toMatchObject([{ role: "assistant", finish_reason: "tool_call" }]);
  expect(said?.[0]?.parts).toContainEqual({
    type: "tool_call",
    id: "b",
    name: "list_collections",
    arguments: {},
  });
  const [asked] = second ?? [];
  expect(asked?.map(({ role }) => role)).toEqual(
    expect.arrayContaining(["system", "user", "assistant", "tool"]),
  );
  const answers = asked?.flatMap(({ parts }) => parts).filter(({ id }) => id === "b");
  expect(answers?.map(({ type }) => type)).toEqual(["tool_call", "tool_call_response"]);
});

interface Message {
  readonly role: string;
  readonly parts: readonly { readonly type: string; readonly id?: string }[];
  readonly finish_reason?: string;
}

/** What went in and what came out. */
function readMessages(span: ReceivedSpan | undefined): readonly (readonly Message[])[] {
  return ["input", "output"].map(
    (way) => JSON.parse(String(span?.attributes[`gen_ai.${way}.messages`])) as Message[],
  );
}

function find({ spans }: OtlpReceiver, name: string) {
  return spans.find((span) => span.name === name);
}
