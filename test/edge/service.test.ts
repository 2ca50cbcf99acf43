/** One service on two runtimes: the same requests give the same events, up to scores. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hono } from "hono";
import type { RunEnd, RunEvent } from "../../src/domain/event.ts";
import { ExplainResult } from "../../src/http/openapi/bodies.ts";
import type { Env } from "../../src/http/service.ts";
import { askWith, parseMessages, wantsEvents } from "../support/app.ts";
import { COLLECTIONS, makeNodeApp, makeSamples, pushSample, type Samples } from "./samples.ts";
import { startEdge, type TestEdge } from "./test-edge.ts";

const QUESTIONS = [
  "Why should retries use jitter?",
  "What is the difference between a timeout and a deadline?",
  "When does a circuit breaker open?",
  "What does Little's law say?",
  "How does a token bucket work?",
  "How do I ingest a folder of PDFs?",
  "What does the ledger show?",
  "How does Tributary merge the hits of several collections?",
  "Are my documents sent to a model provider?",
  "What is retrieval-augmented generation?",
];
/** Of the passages in the context, over all questions: the two full-text analyses differ in their stemmers. */
const PASSAGES_SHARED_MIN = 0.95;

let samples: Samples;
let edge: TestEdge;
let node: Hono<Env>;
beforeAll(async () => {
  [samples, edge] = await Promise.all([makeSamples(), startEdge()]);
  node = await makeNodeApp(samples);
  for (const name of COLLECTIONS) await pushSample(samples, name, edge.url);
});
afterAll(async () => {
  await edge.close();
  await samples[Symbol.asyncDispose]();
});

type Reach = (path: string, init?: RequestInit) => Promise<Response>;
// Under the address the Worker has: some routes look at it.
const reachNode: Reach = async (path, init) => node.request(`${edge.url}${path}`, init);
const reachEdge: Reach = async (path, init) => edge.fetch(path, init);

async function stream(reach: Reach, path: string, question: string): Promise<RunEvent[]> {
  const response = await reach(path, askWith({ question }, wantsEvents));
  expect(response.status).toBe(200);
  return parseMessages(await response.text()).map(({ data }) => data);
}

const endOf = (events: readonly RunEvent[]): RunEnd => {
  const end = events.at(-1);
  if (end?.type !== "run-end") throw new Error("the stream has no end");
  return end;
};
const passagesOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === "retrieval-end"
      ? event.passages.map(({ collection, chunkId }) => `${collection}/${chunkId}`)
      : [],
  );

/** What a run came to, without what may differ: ids, times, scores, and in which order its legs ended. */
function toOutline(events: readonly RunEvent[]) {
  const end = endOf(events);
  const legs = end.ledger.map(({ collection, retriever, status }) =>
    [collection, retriever, status].join(" "),
  );
  return {
    types: [...new Set(events.map(({ type }) => type))].toSorted(),
    first: events[0]?.type,
    ends: events.filter(({ type }) => type === "run-end").length,
    outcome: end.outcome,
    grounding: end.grounding,
    answerer: end.answerer,
    degraded: end.degraded,
    collections: Object.keys(end.versions).toSorted(),
    legs: legs.toSorted(),
  };
}

test("how far a document came is told alike", async () => {
  const asked = { question: QUESTIONS[0], documentId: "retries.md" };
  const [here, there] = await Promise.all(
    [reachNode, reachEdge].map(async (reach) => {
      const response = await reach("/v1/explain", askWith(asked));
      expect(response.status).toBe(200);
      return ExplainResult.parse(await response.json());
    }),
  );
  expect(here?.stage).toBe("used");
  expect(there?.stage).toBe("used");
  expect(there?.document).toEqual(here?.document);
  const toScores = (chunks = there?.chunks) =>
    Object.fromEntries(
      (chunks ?? []).map(({ chunkId, legs }) => [
        chunkId,
        legs.find(({ retriever }) => retriever === "vector")?.score ?? Number.NaN,
      ]),
    );
  const [near, far] = [toScores(here?.chunks), toScores()];
  for (const [chunkId, score] of Object.entries(near)) expect(far[chunkId]).toBeCloseTo(score, 2);
});

describe("asking", () => {
  test("gives the same events, and almost the same passages", async () => {
    let [shared, all] = [0, 0];
    for (const question of QUESTIONS) {
      const [here, there] = [
        await stream(reachNode, "/v1/ask", question),
        await stream(reachEdge, "/v1/ask", question),
      ];
      expect(toOutline(there)).toEqual(toOutline(here));
      const [expected, found] = [passagesOf(here), passagesOf(there)];
      // Two that are almost as good may change places.
      expect(found.slice(0, 2)).toContain(expected[0]);
      shared += found.filter((id) => expected.includes(id)).length;
      all += Math.max(expected.length, found.length);
    }
    console.log(`passages shared: ${(shared / all).toFixed(3)}`);
    expect(shared / all).toBeGreaterThanOrEqual(PASSAGES_SHARED_MIN);
  });

  test("searching alone finds the best passage too", async () => {
    for (const question of QUESTIONS.slice(0, 3)) {
      const [here, there] = await Promise.all(
        [reachNode, reachEdge].map(async (reach) => {
          const response = await reach("/v1/search", askWith({ question }));
          return (await response.json()) as { outcome: string; passages: { chunkId: string }[] };
        }),
      );
      expect(there?.outcome).toBe("finished");
      expect(there?.passages[0]?.chunkId).toBe(here?.passages[0]?.chunkId);
    }
  });

  test("as JSON: one object with the same fields", async () => {
    const body = askWith({ question: QUESTIONS[0] });
    const [here, there] = await Promise.all([
      (await reachNode("/v1/ask", body)).json() as Promise<object>,
      (await reachEdge("/v1/ask", body)).json() as Promise<object>,
    ]);
    expect(Object.keys(there).toSorted()).toEqual(Object.keys(here).toSorted());
    expect(there).toMatchObject({ outcome: "finished", grounding: "grounded" });
  });

  test("with a filter: only documents that pass it", async () => {
    const filter = { field: "documentId", op: "eq", value: "retries.md" };
    const body = askWith({ question: QUESTIONS[0], collections: ["handbook"], filter });
    const found = await Promise.all(
      [reachNode, reachEdge].map(async (reach) => {
        const response = await reach("/v1/search", body);
        return (await response.json()) as { passages: { documentId: string }[] };
      }),
    );
    for (const { passages } of found) {
      expect(passages.length).toBeGreaterThan(0);
      expect(passages.every(({ documentId }) => documentId === "retries.md")).toBe(true);
    }
  });
});

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  },
};

describe("every other address", () => {
  const messages = [{ role: "user", content: "Why should retries use jitter?" }];
  const parts = [{ type: "text", text: "Why should retries use jitter?" }];
  const cases: readonly (readonly [string, string, RequestInit | undefined])[] = [
    ["the list of collections", "/v1/collections", undefined],
    ["a collection", "/v1/collections/handbook", undefined],
    ["a collection that is not there", "/v1/collections/nope", undefined],
    ["its documents", "/v1/collections/handbook/documents?limit=3", undefined],
    ["a document", "/v1/collections/handbook/documents/retries.md", undefined],
    ["the models", "/v1/models", undefined],
    ["life", "/livez", undefined],
    ["readiness", "/readyz", undefined],
    ["the page", "/", undefined],
    ["the API's document", "/openapi.json", undefined],
    ["the API's page", "/docs", undefined],
    ["nothing", "/nowhere", undefined],
    ["another method", "/v1/ask", undefined],
    ["no JSON", "/v1/ask", askWith("{")],
    ["a wrong field", "/v1/ask", askWith({ question: "x", nope: 1 })],
    [
      "a collection that cannot be asked",
      "/v1/ask",
      askWith({ question: "x", collections: ["nope"] }),
    ],
    [
      "a wrong filter",
      "/v1/ask",
      askWith({ question: "x", filter: { field: "nope", op: "exists" } }),
    ],
    ["a run that is not there", "/v1/runs/nope", undefined],
    ["OpenAI's format", "/v1/chat/completions", askWith({ model: "tributary", messages })],
    [
      "OpenAI's stream",
      "/v1/chat/completions",
      askWith({ model: "tributary", messages, stream: true }),
    ],
    [
      "the AI SDK's stream",
      "/v1/chat",
      askWith({ id: "c", messages: [{ id: "m", role: "user", parts }] }),
    ],
    [
      "MCP",
      "/mcp",
      askWith(initialize, { Accept: "application/json, text/event-stream", Host: "localhost" }),
    ],
  ];
  test.each(cases)("%s: same status, type and shape", async (_, path, init) => {
    const [here, there] = [await reachNode(path, init), await reachEdge(path, init)];
    expect(there.status).toBe(here.status);
    expect(there.headers.get("Content-Type")).toBe(here.headers.get("Content-Type"));
    const [expected, found] = [await here.text(), await there.text()];
    expect(found.length).toBeGreaterThan(0);
    expect(toShape(found)).toEqual(toShape(expected));
  });
});

test("a deployed Worker takes MCP under whatever name it has", async () => {
  const accept = { Accept: "application/json, text/event-stream" };
  const response = await edge.fetch("https://tributary.example/mcp", askWith(initialize, accept));
  expect(response.status).toBe(200);
});

/** Names without values; of a list its first entry. A problem keeps its code. */
function toShape(text: string): unknown {
  // An event stream or a page: that it has the same type and is not empty says enough.
  return text.startsWith("{") ? shapeOf(JSON.parse(text)) : "no JSON";
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, part]) => [name, name === "code" ? part : shapeOf(part)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
