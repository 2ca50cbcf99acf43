/** The OpenAPI document: valid to an outside judge, complete, and true of the responses of every route. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import * as z from "zod";
import type { ErrorCode } from "../../../src/errors.ts";
import { ERROR_CODES, AppError } from "../../../src/errors.ts";
import type { Access } from "../../../src/access/access.ts";
import { createAskBody, createExplainBody } from "../../../src/http/openapi/names.ts";
import { createOperations } from "../../../src/http/openapi/operations.ts";
import { addApiPages, createOpenApi } from "../../../src/http/openapi/routes.ts";
import { toOpenApi } from "../../../src/http/openapi/to-openapi.ts";
import { createAskParser } from "../../../src/http/request/schemas.ts";
import { COLLECTION_NAME } from "../../../src/domain/collection.ts";
import { parseConfig } from "../../../src/config.ts";
import {
  askWith,
  listStore,
  makeApp,
  makeEnd,
  makeInfo,
  makeService,
  play,
  runStart,
  type TestOptions,
  wantsEvents,
} from "../../support/app.ts";
import { fakeWriter } from "../../support/fake-writer.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";
import { API_FACTS, createJudge, findPath } from "../../support/api-document.ts";

const api = createOpenApi(API_FACTS);
const judge = createJudge(api);
const makeDescribedApp = (options?: TestOptions, access?: Access) =>
  addApiPages(
    makeApp({
      ...makeService(options),
      documents: fakeWriter,
      ...(access === undefined ? {} : { access }),
    }),
    API_FACTS,
  );

test("a validator that is not ours takes the document for valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(api) as never);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("the same validator refuses a document that is not", async () => {
  const broken = { ...structuredClone(api), info: { title: "no version" } };
  expect((await new Validator().validate(broken as never)).valid).toBe(false);
});

test("every route is documented, and every documented operation is a route", () => {
  const routed = makeDescribedApp()
    .routes.filter(({ method, path }) => method !== "ALL" && path !== "/*")
    .map(({ method, path }) => {
      const plain = path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
      return `${method} ${findPath(api, plain) ?? `${plain}, which is not documented`}`;
    });
  // One handler takes all methods there, and the protocol has a use for one.
  const all = new Set([...routed, "POST /mcp"]);
  const documented = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect([...all].toSorted()).toEqual(documented.toSorted());
});

test("a route that takes all methods is there for MCP alone", () => {
  const { routes } = makeDescribedApp();
  const named = new Set(routes.filter(({ method }) => method !== "ALL").map(({ path }) => path));
  const others = routes.filter(({ path }) => path !== "/*" && !named.has(path));
  expect(others.map(({ path }) => path)).toEqual(["/mcp"]);
});

test("ids of operations are unique, and every one is described", () => {
  const operations = Object.values(api.paths).flatMap((path) => Object.values(path));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { summary } of operations) expect(summary).toMatch(/\w/);
});

test("every code of the closed set is documented somewhere", () => {
  const text = JSON.stringify(api.paths);
  expect(ERROR_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});

const question = { question: "What are timeouts?" };
const documentPath = "/v1/collections/guide/documents/a.md";
const failing = (code: ErrorCode): TestOptions => ({
  answer: play([runStart, makeEnd({ outcome: "failed", error: { code, retryable: false } })]),
});
const unreadable = listStore({
  guide: makeInfo("guide"),
  old: new AppError("collection_unavailable"),
});
type Case = readonly [string, string, number, RequestInit?, TestOptions?];
const messages = [{ role: "user", content: "What are timeouts?" }];
const parts = [{ type: "text", text: "What are timeouts?" }];
const completion = { model: "tributary", messages };

const cases: readonly Case[] = [
  ["POST", "/v1/ask", 200, askWith(question)],
  ["POST", "/v1/ask", 200, askWith(question, wantsEvents)],
  ["POST", "/v1/ask", 202, askWith(question, { Prefer: "respond-async" })],
  ["POST", "/v1/ask", 200, askWith(question, { Prefer: "keep-run" })],
  ["POST", "/v1/ask", 400, askWith({ ask: 1 })],
  ["POST", "/v1/ask", 400, askWith("{")],
  ["POST", "/v1/ask", 406, askWith(question, { Accept: "image/png" })],
  ["POST", "/v1/ask", 415, { method: "POST", body: "?" }],
  ["POST", "/v1/ask", 413, askWith({ question: "?".repeat(3_000_000) })],
  ["POST", "/v1/ask", 503, askWith(question), failing("upstream_unavailable")],
  ["POST", "/v1/ask", 504, askWith(question, wantsEvents), failing("deadline_exceeded")],
  ["POST", "/v1/ask", 422, askWith(question), failing("context_too_long")],
  ["POST", "/v1/search", 200, askWith(question)],
  ["POST", "/v1/search", 400, askWith([])],
  ["POST", "/v1/explain", 200, askWith({ ...question, documentId: "a.md" })],
  ["POST", "/v1/explain", 400, askWith(question)],
  ["POST", "/v1/explain", 400, askWith({ documentId: "a.md" })],
  ["POST", "/v1/chat/completions", 200, askWith(completion)],
  ["POST", "/v1/chat/completions", 200, askWith({ ...completion, temperature: 1 })],
  [
    "POST",
    "/v1/chat/completions",
    200,
    askWith({ ...completion, stream: true, stream_options: { include_usage: true } }),
  ],
  ["POST", "/v1/chat/completions", 400, askWith({ ...completion, n: 2 })],
  ["POST", "/v1/chat/completions", 404, askWith({ ...completion, model: "gpt" })],
  ["POST", "/v1/chat/completions", 503, askWith(completion), failing("upstream_rate_limited")],
  ["POST", "/v1/chat", 200, askWith({ messages: [{ role: "user", parts }] })],
  ["POST", "/v1/chat", 400, askWith({ messages: [] })],
  ["GET", "/v1/chat/c1/stream", 204],
  ["GET", "/v1/models", 200],
  ["GET", "/v1/models/tributary/guide", 200],
  ["GET", "/v1/models/none", 404],
  ["GET", "/v1/runs/none", 404],
  ["DELETE", "/v1/runs/none", 404],
  ["GET", "/v1/runs/none/events", 404],
  ["GET", "/v1/collections", 200],
  ["GET", "/v1/collections", 200, {}, { store: unreadable }],
  ["GET", "/v1/collections/guide", 200],
  ["GET", "/v1/collections/none", 404],
  ["GET", "/v1/collections/old", 503, {}, { store: unreadable }],
  ["GET", "/v1/collections/guide/documents?limit=0", 400],
  ["GET", "/v1/collections/none/documents", 404],
  ["GET", `${documentPath}?from=x`, 400],
  ["GET", "/v1/collections/none/documents/a.md", 404],
  ["PUT", documentPath, 200, { body: "Text." }],
  ["PUT", documentPath, 200, { body: "Text.", headers: wantsEvents }],
  ["PUT", documentPath, 422, { body: "" }],
  [
    "PUT",
    "/v1/collections/guide/documents/a.exe",
    415,
    { body: "x", headers: { "Content-Type": "image/png" } },
  ],
  ["PUT", "/v1/collections/guide/documents/locked.md", 409, { body: "x" }],
  ["PUT", documentPath, 403, { body: "x", headers: { Origin: "https://evil.example" } }],
  ["DELETE", documentPath, 200],
  ["DELETE", "/v1/collections/UPPER/documents/a.md", 400],
  ["POST", "/mcp", 200, askWith({ jsonrpc: "2.0", id: 1, method: "ping" }, both())],
  ["POST", "/mcp", 202, askWith({ jsonrpc: "2.0", method: "notifications/initialized" }, both())],
  ["POST", "/mcp", 400, askWith({ jsonrpc: "2.0" }, both())],
  ["POST", "/mcp", 415, { method: "POST", body: "?" }],
  ["GET", "/livez", 200],
  ["GET", "/readyz", 200],
  ["GET", "/metrics", 404],
  ["GET", "/openapi.json", 200],
  ["GET", "/", 200],
  ["GET", "/playground/style.css", 200],
  ["GET", "/playground/none.css", 404],
];

test.each(cases.map((given) => ({ name: `${given[0]} ${given[1]} ${given[2]}`, given })))(
  "$name: as documented",
  async ({ given: [method, path, status, init, options] }) => {
    const headers = { Host: "127.0.0.1", ...(init?.headers as Record<string, string> | undefined) };
    const response = await makeDescribedApp(options).request(`http://127.0.0.1${path}`, {
      ...init,
      method,
      headers,
    });
    expect(response.status).toBe(status);
    expect(await judge.faultsOf(method, path.split("?")[0] ?? "", response)).toEqual([]);
  },
);

test.each([false, true])(
  "words in place of a value are as documented, streamed: %s",
  async (stream) => {
    const parseAsk = createAskParser(parseConfig({}), ["lexical"], ["direct", "agent"]);
    const app = addApiPages(makeApp({ ...makeService(), parseAsk }), API_FACTS);
    const path = "/v1/chat/completions";
    const format = { type: "json_schema", json_schema: { schema: { type: "object" } } };
    const body = { ...completion, stream, response_format: format };
    const response = await app.request(path, askWith(body));
    expect(await response.clone().text()).toContain('"content":null,"refusal":"Timeouts');
    expect(await judge.faultsOf("POST", path, response)).toEqual([]);
  },
);

test("what a key is told is as documented: no key, no right, too often", async () => {
  const limited = await makeKey({ requestsPerMinuteMax: 1 });
  const reader = await makeKey({ scopes: ["read"] });
  const app = makeDescribedApp({}, makeAccess([limited.entry, reader.entry]).access);
  const calls: readonly (readonly [string, number, RequestInit])[] = [
    ["/v1/ask", 401, askWith(question)],
    ["/v1/chat/completions", 401, askWith(completion)],
    ["/v1/ask", 403, askWith(question, bearer(reader.key))],
    ["/v1/ask", 200, askWith(question, bearer(limited.key))],
    ["/v1/ask", 429, askWith(question, bearer(limited.key))],
    ["/v1/chat/completions", 429, askWith(completion, bearer(limited.key))],
  ];
  for (const [path, status, init] of calls) {
    const response = await app.request(path, init);
    expect([path, response.status]).toEqual([path, status]);
    expect(await judge.faultsOf("POST", path, response)).toEqual([]);
  }
});

test("a run's record, its events and its cancelling are as documented", async () => {
  const app = makeDescribedApp();
  const asked = await app.request("/v1/ask", askWith(question, { Prefer: "keep-run" }));
  const { runId } = (await asked.json()) as { runId: string };
  const path = `/v1/runs/${runId}`;
  const calls: readonly (readonly [string, string, number, Record<string, string>?])[] = [
    ["GET", path, 200],
    ["GET", `${path}/events`, 200],
    ["GET", `${path}/events`, 204, { "Last-Event-ID": "7" }],
    ["GET", `${path}/events`, 400, { "Last-Event-ID": "-1" }],
    ["DELETE", path, 200],
  ];
  for (const [method, address, status, headers = {}] of calls) {
    const response = await app.request(address, { method, headers });
    expect(response.status).toBe(status);
    expect(await judge.faultsOf(method, address, response)).toEqual([]);
  }
});

test("a name that no new collection may have is outside what is documented", () => {
  const schema = { type: "string", pattern: COLLECTION_NAME.source };
  expect(api.paths["/v1/collections/{name}/documents/{id}"]?.["put"]).toMatchObject({
    parameters: expect.arrayContaining([expect.objectContaining({ name: "name", schema })]),
  });
});

test("the judge finds a field, a status, a header and a type that are not documented", async () => {
  const json = { "Content-Type": "application/json" };
  const planted: readonly Response[] = [
    new Response('{"status":"live","more":1}', { headers: json }),
    new Response('{"status":"dead"}', { headers: json }),
    new Response("{}", { status: 418, headers: json }),
    new Response('{"status":"live"}', { headers: { ...json, "X-More": "1" } }),
    new Response("live", { headers: { "Content-Type": "text/plain" } }),
  ];
  for (const response of planted) {
    expect(await judge.faultsOf("GET", "/livez", response)).toHaveLength(1);
  }
});

test("who has the document already is not sent it again", async () => {
  const app = makeDescribedApp();
  const ETag = (await app.request("/openapi.json")).headers.get("ETag") ?? "";
  const again = await app.request("/openapi.json", { headers: { "If-None-Match": ETag } });
  expect(again.status).toBe(304);
  expect(await judge.faultsOf("GET", "/openapi.json", again)).toEqual([]);
});

test("a service publishes the modes, rerankers and limits that it has", () => {
  const config = parseConfig({ QUESTION_CHARS_MAX: "77" });
  const other = createOpenApi({
    ...API_FACTS,
    config,
    modes: ["direct", "agent"],
    rerankers: ["lexical", "llm"],
  });
  expect(other.components.schemas["Ask"]).toMatchObject({
    properties: {
      question: { maxLength: 77 },
      mode: { enum: ["direct", "agent"] },
      retrieval: { properties: { rerank: { enum: ["none", "lexical", "llm"] } } },
    },
  });
});

test("a service that takes no documents describes none of the methods it refuses", async () => {
  const app = makeApp(makeService());
  addApiPages(app, { ...API_FACTS, takesDocuments: false });
  const { paths } = (await (await app.request("/openapi.json")).json()) as typeof api;
  expect(Object.keys(paths)).toEqual(Object.keys(api.paths));
  const described = Object.keys(paths["/v1/collections/{name}/documents/{id}"] ?? {});
  const { status, headers } = await app.request(documentPath, { method: "PUT", body: "text" });
  expect(status).toBe(405);
  expect(headers.get("Allow")).toBe(described.join(", ").toUpperCase());
});

test("a default is the whole value, and the most chunks of a part are this service's", () => {
  const { config } = API_FACTS;
  const { stepsMax, toolCallsMax, runTokensMax: tokensMax, legHitsMax } = config;
  expect(api.components.schemas["Ask"]).toMatchObject({
    properties: {
      limits: { default: { stepsMax, toolCallsMax, tokensMax } },
      retrieval: { default: { legHitsMax, retrievers: ["vector", "keyword"] } },
    },
  });
  const few = createOpenApi({ ...API_FACTS, config: { ...config, readChunksMax: 7 } });
  const { parameters } = few.paths["/v1/collections/{name}/documents/{id}"]?.["get"] ?? {};
  const schema = { type: "integer", minimum: 1, maximum: 7 };
  expect(parameters).toContainEqual(expect.objectContaining({ name: "chunksMax", schema }));
});

test("a number in an address is described as a number, for programs that are made from the document", () => {
  const { parameters } = api.paths["/v1/collections/{name}/documents/{id}"]?.["get"] ?? {};
  expect(parameters).toContainEqual(
    expect.objectContaining({ name: "from", in: "query", schema: { type: "integer", minimum: 0 } }),
  );
});

test("every form of a union and every error has a schema with a name, or generators of clients leave out what refers to them", () => {
  const schemas = Object.entries(api.components.schemas as Record<string, { type?: string }>);
  const forms = (schema: object): readonly object[] =>
    ["anyOf", "oneOf"].flatMap((word) => (schema as Record<string, object[]>)[word] ?? []);
  const unnamed = schemas.filter(([, schema]) => forms(schema).some((form) => "type" in form));
  expect(unnamed.map(([name]) => name)).toEqual([]);
  expect(forms(api.components.schemas["Filter"] ?? {})).toHaveLength(7);
  const replies = Object.values(api.paths)
    .flatMap((path) => Object.values(path))
    .flatMap(({ responses }) => Object.entries(responses as Record<string, { content?: object }>))
    .filter(([status]) => Number(status) >= 400);
  const inline = replies.filter(([, reply]) => JSON.stringify(reply.content).includes("allOf"));
  expect(replies.length).toBeGreaterThan(200);
  expect(inline).toEqual([]);
});

test("generators of clients know every type: none is null alone, and none is two at once", () => {
  // Seen: openapi-generator 7.25.0 for Python makes nothing at all of the one, oapi-codegen 2.8.2 nothing of the other.
  const faults: string[] = [];
  const look = (schema: unknown, path: string, isForm: boolean): void => {
    if (typeof schema !== "object" || schema === null) return;
    const type: unknown = "type" in schema ? schema.type : undefined;
    const types = [type].flat().filter((name) => name !== "null");
    if ((type === "null" && !isForm) || types.length > 1) faults.push(path);
    for (const [name, part] of Object.entries(schema)) {
      look(part, `${path}/${name}`, path.endsWith("/anyOf"));
    }
  };
  look(api.components.schemas, "", false);
  expect(faults).toEqual([]);
});

test("a file to be sent is bytes, alone or in a form", () => {
  const { requestBody } = api.paths["/v1/collections/{name}/documents/{id}"]?.["put"] ?? {};
  const bytes = { type: "string", format: "binary" };
  expect(requestBody).toMatchObject({
    content: {
      "application/octet-stream": { schema: bytes },
      "multipart/form-data": { schema: { properties: { file: bytes } } },
    },
  });
});

test("a header that is a number is described as one", () => {
  const { parameters } = api.paths["/v1/ask"]?.["post"] ?? {};
  const found = (parameters as { name: string; schema: { pattern?: string } }[]).find(
    ({ name }) => name === "X-Request-Timeout-Ms",
  );
  const pattern = new RegExp(found?.schema.pattern ?? "");
  expect(["1", "60000", "0", "soon", ""].filter((value) => pattern.test(value))).toEqual([
    "1",
    "60000",
  ]);
});

test("the judge finds a code that is not documented for its status", async () => {
  const body = { ...problemOf("not_found", 400) };
  const response = Response.json(body, {
    status: 400,
    headers: { "Content-Type": "application/problem+json" },
  });
  expect(await judge.faultsOf("POST", "/v1/ask", response)).toEqual([
    "the code not_found is not documented for 400",
  ]);
});

test("a body whose schema has no name is refused when the document is made", () => {
  const bodies = { Ask: createAskBody(API_FACTS), Explain: createExplainBody(API_FACTS) };
  const replies = { 200: { description: "?", json: z.object({ unnamed: z.boolean() }) } };
  const entry = {
    ...createOperations(bodies, { pages: [], readChunksMax: 1 }).getLiveness,
    replies,
  };
  expect(() => toOpenApi({ entry }, bodies)).toThrow("no name");
});

function problemOf(code: ErrorCode, status: number): object {
  const words = { type: "about:blank", title: "?", detail: "?", requestId: "1" };
  return { ...words, status, code, retryable: false };
}

function both(): Record<string, string> {
  return { Accept: "application/json, text/event-stream", "Mcp-Protocol-Version": "2025-06-18" };
}
