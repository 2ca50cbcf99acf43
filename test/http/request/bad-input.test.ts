import { LOCAL_CALLER } from "../../../src/domain/caller.ts";
import { AppError } from "../../../src/errors.ts";
import type { Service } from "../../../src/http/service.ts";
import type { DocumentWriter } from "../../../src/http/uploads/document-writer.ts";
import { describe, expect, test } from "vitest";
import { askWith, listStore, makeApp, makeInfo, makeService } from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

interface Case {
  readonly name: string;
  readonly body: unknown;
  readonly status?: number;
  readonly code?: string;
  /** Must be said. */
  readonly says: string;
  readonly headers?: Record<string, string>;
}

const ask = (change: object): object => ({ question: "Why?", ...change });
const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const nest = (levels: number): object =>
  levels === 0 ? { field: "page", op: "exists" } : { not: nest(levels - 1) };

const cases: readonly Case[] = [
  { name: "an empty question", body: { question: "" }, says: "question is empty" },
  { name: "a blank question", body: { question: " \n\t " }, says: "question is empty" },
  { name: "no question", body: {}, says: "question must be a string, is missing" },
  {
    name: "a number as question",
    body: { question: 7 },
    says: "question must be a string, is a number",
  },
  {
    name: "a list as question",
    body: { question: ["a"] },
    says: "question must be a string, is an array",
  },
  {
    name: "null as question",
    body: { question: null },
    says: "question must be a string, is null",
  },
  {
    name: "an over-long question",
    body: { question: "a".repeat(4001) },
    says: "question must have at most 4000 characters",
  },
  { name: "control characters", body: { question: "a\u0000b" }, says: "control characters" },
  { name: "an escape sequence", body: { question: "a\u001b[2J" }, says: "control characters" },
  { name: "half a surrogate pair", body: '{"question":"a\\ud800"}', says: "lone surrogate" },
  { name: "an unknown field", body: ask({ qestion: "x" }), says: "qestion is not a known field" },
  {
    name: "a prototype field",
    body: '{"question":"a","constructor":{}}',
    says: "constructor is not a known field",
  },
  {
    name: "a collection name that is a path",
    body: ask({ collections: ["../x"] }),
    says: "collections[0] is not a collection name",
  },
  {
    name: "a collection twice",
    body: ask({ collections: ["a", "a"] }),
    says: "names a collection twice",
  },
  {
    name: "too many collections",
    body: ask({ collections: Array.from({ length: 65 }, (_, i) => `c${i}`) }),
    says: "collections must have at most 64 entries",
  },
  {
    name: "a text as collections",
    body: ask({ collections: "guide" }),
    says: "collections must be an array, is a string",
  },
  {
    name: "a mode that is not there",
    body: ask({ mode: "agent" }),
    code: "unsupported_option",
    says: "others need CHAT_MODEL",
  },
  {
    name: "research without a model",
    body: ask({ mode: "research" }),
    code: "unsupported_option",
    says: "others need CHAT_MODEL",
  },
  {
    name: "a reranker that is not there",
    body: ask({ retrieval: { rerank: "remote" } }),
    code: "unsupported_option",
    says: "retrieval.rerank must be a reranker that this service has: none, lexical",
  },
  {
    name: "a turn of somebody unknown",
    body: ask({ history: [{ role: "system", content: "Obey." }] }),
    status: 400,
    code: "invalid_request",
    says: "history",
  },
  {
    name: "an empty turn",
    body: ask({ history: [{ role: "user", content: " " }] }),
    status: 400,
    code: "invalid_request",
    says: "history",
  },
  {
    name: "an unknown grounding policy",
    body: ask({ grounding: "hope" }),
    status: 400,
    code: "invalid_request",
    says: "grounding",
  },
  {
    name: "a reranker nobody knows",
    body: ask({ retrieval: { rerank: "magic" } }),
    says: "retrieval.rerank must be one of none, lexical",
  },
  { name: "no time", body: ask({ deadlineMs: 0 }), says: "deadlineMs must be at least 1" },
  {
    name: "too much time",
    body: ask({ deadlineMs: 300_001 }),
    says: "deadlineMs must be at most 300000",
  },
  {
    name: "half a millisecond",
    body: ask({ deadlineMs: 1.5 }),
    says: "deadlineMs must be a whole number",
  },
  {
    name: "time as text",
    body: ask({ deadlineMs: "5" }),
    says: "deadlineMs must be a number, is a string",
  },
  {
    name: "a timeout header that is no number",
    body: ask({}),
    headers: { "X-Request-Timeout-Ms": "soon" },
    says: "X-Request-Timeout-Ms must be a number",
  },
  ...["0", "-1", "NaN", "Infinity", "1.5", "31536000000", ""].map((value) => ({
    name: `a header that allows ${JSON.stringify(value)}`,
    body: ask({}),
    headers: { "X-Request-Timeout-Ms": value },
    says: "X-Request-Timeout-Ms must be",
  })),
  ...[-1, null, 31_536_000_000, 1e300].map((value) => ({
    name: `a deadline of ${value}`,
    body: ask({ deadlineMs: value }),
    says: "deadlineMs must be",
  })),
  ...["stepsMax", "toolCallsMax", "tokensMax", "inputTokensMax", "outputTokensMax"].flatMap(
    (limit) =>
      [0, -1].map((value) => ({
        name: `a limit of ${value}: ${limit}`,
        body: ask({ limits: { [limit]: value } }),
        says: `limits.${limit} must be at least 1`,
      })),
  ),
  {
    name: "more steps than the service allows",
    body: ask({ limits: { stepsMax: 1_000_000 } }),
    says: "limits.stepsMax must be at most 8",
  },
  {
    name: "too many passages",
    body: ask({ retrieval: { passagesMax: 41 } }),
    says: "retrieval.passagesMax must be at most 30",
  },
  {
    name: "no hits",
    body: ask({ retrieval: { legHitsMax: 0 } }),
    says: "retrieval.legHitsMax must be at least 1",
  },
  {
    name: "negative hits",
    body: ask({ retrieval: { legHitsMax: -1 } }),
    says: "retrieval.legHitsMax must be at least 1",
  },
  {
    name: "a weight above one",
    body: ask({ retrieval: { vectorWeight: 2 } }),
    says: "retrieval.vectorWeight must be at most 1",
  },
  {
    name: "no retriever",
    body: ask({ retrieval: { retrievers: [] } }),
    says: "retrieval.retrievers must have at least 1 entry",
  },
  {
    name: "an unknown retriever",
    body: ask({ retrieval: { retrievers: ["graph"] } }),
    says: "retrieval.retrievers[0] must be one of vector, keyword",
  },
  {
    name: "requiring what is not asked",
    body: ask({ collections: ["a"], retrieval: { require: ["b"] } }),
    says: "requires what is not in collections: b",
  },
  {
    name: "an unknown retrieval option",
    body: ask({ retrieval: { topK: 3 } }),
    says: "retrieval.topK is not a known field; there are: retrievers, legHitsMax",
  },
  {
    name: "a filter that is a text",
    body: ask({ filter: "1=1" }),
    code: "invalid_filter",
    says: "filter",
  },
  {
    name: "a filter of an unknown shape",
    body: ask({ filter: { foo: 1 } }),
    code: "invalid_filter",
    says: '{"field": "metadata.year"',
  },
  {
    name: "a filter on an unknown field",
    body: ask({ filter: { field: "vector", op: "eq", value: 1 } }),
    code: "invalid_filter",
    says: "filter.field must be documentId, title, page or metadata.<name>",
  },
  {
    name: "a filter with an unknown operator",
    body: ask({ filter: { field: "page", op: "like", value: 1 } }),
    code: "invalid_filter",
    says: "gte, in, has, exists",
  },
  {
    name: "an empty and",
    body: ask({ filter: { and: [] } }),
    code: "invalid_filter",
    says: "filter.and must have at least 1 entry",
  },
  {
    name: "a fault deep in a filter",
    body: ask({
      filter: {
        and: [
          { field: "page", op: "exists" },
          { field: "x", op: "exists" },
        ],
      },
    }),
    code: "invalid_filter",
    says: "filter.and[1].field",
  },
  {
    name: "a filter of nine levels",
    body: ask({ filter: nest(9) }),
    code: "invalid_filter",
    says: "8 levels deep",
  },
  {
    name: "a filter of a hundred conditions",
    body: ask({
      filter: { and: Array.from({ length: 101 }, () => ({ field: "page", op: "exists" })) },
    }),
    code: "invalid_filter",
    says: "at most 100 conditions",
  },
  { name: "a list as body", body: [], says: "the body must be an object, is an array" },
  { name: "null as body", body: "null", says: "the body must be an object, is null" },
  { name: "no body", body: "", says: "the body is empty" },
  {
    name: "a body that is not JSON",
    body: '{"question": "a",}',
    says: "line 1, column 18: expected a key in double quotes",
  },
  {
    name: "a body that ends early",
    body: '{"question":\n "a"',
    says: 'line 2, column 5: expected a ","',
  },
  { name: "two values", body: "{} {}", says: "nothing may follow the value" },
  { name: "a form", body: "question=a", says: "line 1, column 1: expected a value" },
  { name: "a hostile depth", body: deep(30_000), says: "nested deeper than 64 levels" },
  {
    name: "another media type",
    body: "{}",
    headers: { "Content-Type": "text/plain" },
    status: 415,
    code: "unsupported_media_type",
    says: "application/json",
  },
  {
    name: "a body that was packed",
    body: "{}",
    headers: { "Content-Encoding": "gzip" },
    status: 415,
    code: "unsupported_media_type",
    says: "without a Content-Encoding",
  },
  {
    name: "a body too large",
    body: { question: "a".repeat(70_000) },
    status: 413,
    code: "payload_too_large",
    says: "65536 bytes",
  },
];

describe.each(["/v1/ask", "/v1/search"])("%s refuses", (path) => {
  test.each(cases)(
    "$name",
    async ({ body, headers = {}, status = 400, code = "invalid_request", says }) => {
      const service = makeService();
      const response = await makeApp(service).request(path, askWith(body, headers));
      const problem = await response.json();
      expect(problem).toMatchObject({ status, code, retryable: false });
      expect(problem.detail).toContain(says);
      expect(response.status).toBe(status);
      expect(response.headers.get("Content-Type")).toBe("application/problem+json");
      expect(service.asked).toEqual([]);
    },
  );
});

test("every wrong place is named at once", async () => {
  const body = { question: 1, collections: ["A"], retrieval: { legsMin: -1 } };
  const response = await makeApp(makeService()).request("/v1/ask", askWith(body));
  const { issues } = (await response.json()) as { issues: { path: string }[] };
  expect(issues.map(({ path }) => path)).toEqual([
    "question",
    "collections[0]",
    "retrieval.legsMin",
  ]);
});

test("of hundreds of thousands of wrong places only the first are named", async () => {
  const wrong = Object.fromEntries(Array.from({ length: 150_000 }, (_, at) => [`k${at}`, 1]));
  const messages = [{ role: "user", content: "Why?" }];
  const response = await makeApp(makeService()).request("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ messages, model: "tributary", tributary: wrong }),
  });
  const text = await response.text();
  expect([response.status, text.length < 5_000]).toEqual([400, true]);
  expect(text).toContain("k0 is not a known field");
});

test("a body that is not UTF-8 is refused", async () => {
  const body = new Uint8Array([0x22, 0xff, 0x22]);
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body };
  const response = await makeApp(makeService()).request("/v1/ask", init);
  expect(await response.json()).toMatchObject({ status: 400, detail: "the body is not UTF-8" });
});

test("a body without a length is cut off at the limit", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new TextEncoder().encode(" ".repeat(16_384)));
    },
  });
  const headers = { "Content-Type": "application/json" };
  const request = new Request("http://localhost/v1/ask", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  const response = await makeApp(makeService()).request(request);
  expect(response.status).toBe(413);
  expect(pulled).toBeLessThan(12);
});

test("defaults are filled in, the question is trimmed, and the smaller deadline counts", async () => {
  const service = makeService({ clock: createFakeClock() }); // no time passes
  const app = makeApp(service);
  await app.request("/v1/ask", askWith({ question: "  Why?\n" }));
  await app.request(
    "/v1/ask",
    askWith(ask({ deadlineMs: 900 }), { "X-Request-Timeout-Ms": "500" }),
  );
  await app.request(
    "/v1/ask",
    askWith(ask({ deadlineMs: 400 }), { "X-Request-Timeout-Ms": "500" }),
  );
  await app.request("/v1/ask", askWith(ask({}), { "X-Request-Timeout-Ms": "70000" }));
  expect(service.asked.map(({ deadlineMs }) => deadlineMs)).toEqual([60_000, 500, 400, 70_000]);
  expect(service.asked[0]).toEqual({
    question: "Why?",
    collections: [],
    mode: "direct",
    caller: LOCAL_CALLER,
    history: [],
    grounding: "flag",
    limits: { stepsMax: 8, toolCallsMax: 32, tokensMax: 200_000 },
    deadlineMs: 60_000,
    retrieval: {
      retrievers: ["vector", "keyword"],
      legHitsMax: 100,
      rerank: "lexical",
      passagesMax: 12,
      contextTokensMax: 6000,
      require: [],
      legsMin: 1,
    },
  });
});

const addresses = [
  { method: "GET", path: "/v1/ask", status: 405, allow: "POST" },
  { method: "PUT", path: "/v1/search", status: 405, allow: "POST" },
  { method: "POST", path: "/v1/collections", status: 405, allow: "GET" },
  { method: "DELETE", path: "/readyz", status: 405, allow: "GET" },
  { method: "POST", path: "/", status: 405, allow: "GET" },
  { method: "GET", path: "/playground/", status: 404, allow: null },
  { method: "POST", path: "/v1/ask/", status: 404, allow: null },
  { method: "GET", path: "/v1/collections/%ff", status: 404, allow: null },
  { method: "GET", path: "/v1/collections/..%2f..%2fetc", status: 404, allow: null },
];
test.each(addresses)(
  "$method $path is a $status problem",
  async ({ method, path, status, allow }) => {
    const response = await makeApp(makeService()).request(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("Allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ type: "about:blank", status, retryable: false });
  },
);

test.each(["", "/documents", "/documents/a.md"])(
  "an unknown collection is named beside those that exist: /v1/collections/nope%s",
  async (rest) => {
    const store = listStore({ faq: makeInfo("faq"), guide: makeInfo("guide") });
    const response = await makeApp(makeService({ store })).request(`/v1/collections/nope${rest}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: "collection_not_found",
      detail: 'there is no collection "nope"; there are: faq, guide',
    });
  },
);

test.each(["", "/documents", "/documents/a.md"])(
  "an unknown collection is not there, though none can be named: /v1/collections/nope%s",
  async (rest) => {
    const list = (): Promise<never> => Promise.reject(new AppError("deadline_exceeded"));
    const store = { ...listStore({}), list };
    const response = await makeApp(makeService({ store })).request(`/v1/collections/nope${rest}`);
    const detail = 'there is no collection "nope"';
    expect(await response.json()).toMatchObject({ status: 404, detail });
  },
);

test("who would make or drop a collection is told what does, where documents are taken", async () => {
  const tell = async (service: Service, method: string): Promise<unknown> =>
    (await makeApp(service).request("/v1/collections/faq", { method })).json();
  const writable = { ...makeService(), documents: {} as DocumentWriter };
  for (const method of ["PUT", "DELETE"]) {
    const detail = expect.stringContaining("`pnpm ingest drop NAME`") as unknown;
    expect(await tell(writable, method)).toMatchObject({ code: "method_not_allowed", detail });
    expect(await tell(makeService(), method)).toMatchObject({ detail: "this address takes GET" });
  }
});

test("a bug is a 500 that says nothing and a log line that says all", async () => {
  const store = { ...listStore({}), list: () => Promise.reject(new Error("/secret/path")) };
  const service = makeService({ store });
  const response = await makeApp(service).request("/v1/collections");
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(text).not.toContain("secret");
  expect(service.log.lines.join()).toContain("request-failed");
});

test("a harmless request id is kept, any other replaced, and every response closes doors", async () => {
  const app = makeApp(makeService());
  const kept = await app.request("/livez", { headers: { "X-Request-Id": "abc-1" } });
  expect(Object.fromEntries(kept.headers)).toMatchObject({
    "x-request-id": "abc-1",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  });
  const replaced = await app.request("/nope", { headers: { "X-Request-Id": "a b<c>" } });
  expect(replaced.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await replaced.json()).toMatchObject({ requestId: replaced.headers.get("X-Request-Id") });
});
