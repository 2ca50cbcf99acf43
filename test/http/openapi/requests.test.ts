/** Requests made from our own published schemas: whatever is sent, the response is one that we published, and never a 500. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../src/app.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import { addApiPages, createOpenApi } from "../../../src/http/openapi/routes.ts";
import { createLexicalReranker } from "../../../src/retrieval/lexical-rerank.ts";
import { makeApp, makeService, readPage, recordLog } from "../../support/app.ts";
import { fakeWriter } from "../../support/fake-writer.ts";
import { API_FACTS, createJudge } from "../../support/api-document.ts";
import { fitting, hostile, nearlyFitting, type Schema } from "../../support/from-schema.ts";
import { createTestStore, wordEmbedder } from "../../support/collections.ts";

const config = parseConfig({});
const api = createOpenApi(API_FACTS);
const judge = createJudge(api);
const schemas = api.components.schemas as Record<string, Schema>;
const log = recordLog();

const documents = {
  "a.md": "Retries use jitter so that clients do not come back at the same moment.",
  "ops/b.md": "What is a bounded queue? It rejects work when it is full.",
};
const store = await createTestStore({ guide: documents, faq: { port: "The port is 8787." } });
const app = addApiPages(
  createApp({
    config,
    clock: systemClock,
    log,
    store,
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: { lexical: createLexicalReranker() },
    gate: createRunGate(),
    documents: fakeWriter,
    readPage,
  }),
  API_FACTS,
);

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 60);
const ROUNDS_MAX = 8;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly init?: RequestInit;
}

/** Sends it and gives the status, when all of the response is as published. */
async function send({ method, path, init = {} }: Sent): Promise<number> {
  const response = await app.request(`http://127.0.0.1${path}`, {
    ...init,
    method,
    headers: { Host: "127.0.0.1", ...(init.headers as Record<string, string>) },
  });
  const { status } = response;
  expect(await judge.faultsOf(method, path.split("?")[0] ?? "", response)).toEqual([]);
  expect(status).not.toBe(500);
  return status;
}

const BODIES = [
  ["/v1/ask", "Ask", "application/json"],
  ["/v1/ask", "Ask", "text/event-stream"],
  ["/v1/search", "Ask", "application/json"],
  ["/v1/explain", "ExplainRequest", "application/json"],
  ["/v1/chat/completions", "ChatCompletionRequest", "*/*"],
  ["/v1/chat", "UiChatRequest", "*/*"],
  ["/mcp", "RpcRequest", "application/json, text/event-stream"],
] as const;

/** Words that a schema cannot say and a format needs, in half of the bodies. */
const KNOWN: Readonly<Record<(typeof BODIES)[number][1], object>> = {
  Ask: { collections: [], output: undefined },
  ExplainRequest: {
    collections: [],
    output: undefined,
    documentId: "a.md",
    collection: undefined,
  },
  ChatCompletionRequest: {
    model: "tributary",
    messages: [{ role: "user", content: "What is a bounded queue?" }],
    tools: [],
    ...Object.fromEntries(
      ["functions", "tool_choice", "function_call", "n", "logprobs", "top_logprobs", "stop"]
        .concat(["modalities", "audio", "prediction", "web_search_options", "response_format"])
        .map((field) => [field, null]),
    ),
    tributary: {},
  },
  UiChatRequest: {
    messages: [{ role: "user", parts: [{ type: "text", text: "What is a bounded queue?" }] }],
  },
  RpcRequest: { id: 1, method: "tools/list", params: {} },
};

const toSent = (path: string, accept: string, body: unknown): Sent => ({
  method: "POST",
  path,
  init: {
    headers: { "Content-Type": "application/json", Accept: accept },
    body: JSON.stringify(body),
  },
});

describe.each(BODIES)("POST %s with bodies of %s, as %s", (path, name, accept) => {
  const schema = schemas[name] ?? {};

  test("those that fit", async () => {
    const statuses: number[] = [];
    const known = fc.constantFrom({}, KNOWN[name]);
    const sending = fc.asyncProperty(fitting(schema, schemas), known, async (made, some) => {
      const body = { ...(made as object), ...some };
      expect(judge.fits(name, body)).toBe(true);
      statuses.push(await send(toSent(path, accept, body)));
    });
    // What is made fits by its form alone, and is seldom one that can be answered.
    for (let round = 0; round < ROUNDS_MAX && !statuses.includes(200); round += 1) {
      await fc.assert(sending, { numRuns: RUNS });
    }
    // Else nothing but refusals was seen.
    expect(statuses).toContain(200);
  });

  test("those that nearly fit", async () => {
    await fc.assert(
      fc.asyncProperty(nearlyFitting(schema, schemas), async (body) => {
        const status = await send(toSent(path, accept, body));
        const isRefused = status >= 400 && status < 500;
        const fits = judge.fits(name, JSON.parse(JSON.stringify(body) ?? "null"));
        expect(fits || isRefused).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test("hostile ones, and bytes that are no JSON", async () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(hostile(), bytes), async (body) => {
        const sent = toSent(path, accept, body);
        const raw = body instanceof Uint8Array ? { body: body as Uint8Array<ArrayBuffer> } : {};
        expect(await send({ ...sent, init: { ...sent.init, ...raw } })).toBeLessThan(500);
      }),
      { numRuns: RUNS },
    );
  });
});

test("addresses and headers, fitting and hostile", async () => {
  const segment = fc.oneof(
    fc.constantFrom(
      "guide",
      "a.md",
      "none",
      "%2e%2e%2fetc",
      "%00",
      "%zz",
      "tributary%2Fguide",
      "run-1",
    ),
    fc
      .string({ unit: "binary", minLength: 1, maxLength: 20 })
      .filter((text) => text.isWellFormed())
      .map(encodeURIComponent)
      .filter((text) => !/^\.+$/.test(text)),
  );
  const value = fc.constantFrom(
    "",
    "0",
    "-1",
    "7",
    "1e3",
    "9".repeat(40),
    "respond-async",
    "x y",
    "text/*;q=0",
  );
  const gets = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== "post")
      .map((method) => [method.toUpperCase(), path] as const),
  );
  const names = [
    "Accept",
    "Last-Event-ID",
    "If-Match",
    "If-None-Match",
    "Content-Type",
    "Origin",
    "X-Request-Id",
    "traceparent",
    "Prefer",
    "X-Request-Timeout-Ms",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...gets),
      fc.array(segment, { minLength: 2, maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...names), value),
      fc.option(fc.tuple(fc.constantFrom("from", "chunksMax", "more"), value)),
      async ([method, path], segments, headers, query) => {
        let at = 0;
        const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) =>
          name === "file" ? "style.css" : (segments[at++] ?? ""),
        );
        const search = query === null ? "" : `?${query[0]}=${encodeURIComponent(query[1])}`;
        const body = method === "PUT" ? { body: "Text." } : {};
        const init = { headers, ...body };
        const status = await send({ method, path: `${filled}${search}`, init });
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: RUNS * 4 },
  );
});

test("the check sees a 500 and a body that is not as published", async () => {
  const broken = makeApp(
    makeService({
      // eslint-disable-next-line require-yield
      async *answer() {
        throw new TypeError("a bug");
      },
    }),
  );
  const response = await broken.request("/v1/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"question":"?"}',
  });
  expect(response.status).toBe(500);
  const other = Response.json({ outcome: "finished" });
  expect(await judge.faultsOf("POST", "/v1/ask", other)).not.toEqual([]);
});
