import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  body,
  hang,
  refusal,
  type Reply,
  reset,
  UPSTREAM_TEXT,
} from "../../scripts/chaos/reply.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { createOpenAiClient, toUpstreamError } from "../../src/models/openai-client.ts";

const API_KEY = "key-of-this-test-0123456789";
let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(() => server[Symbol.asyncDispose]());

/** What one embedding call comes to, as an AppError. */
async function fail(reply: Reply, signal = new AbortController().signal): Promise<AppError> {
  server.script(reply);
  const client = createOpenAiClient({ apiKey: API_KEY, baseUrl: server.url });
  const upstream = client.toUpstream('the embedding model "m"', "EMBEDDING_MODEL");
  try {
    const body = { model: "m", input: ["private question"], encoding_format: "float" };
    await client.sdk.post("/embeddings", { body, signal });
  } catch (thrown) {
    return toUpstreamError(thrown, signal, upstream);
  }
  throw new Error("the call succeeded");
}

describe("a refusal becomes one of our codes", () => {
  const cases: readonly (readonly [string, Reply, ErrorCode, string])[] = [
    ["401", refusal(401, { code: "invalid_api_key" }), "upstream_config", "OPENAI_API_KEY"],
    ["402", refusal(402), "upstream_config", "no credit"],
    ["403", refusal(403), "upstream_config", "OPENAI_API_KEY"],
    ["404", refusal(404, { code: "model_not_found" }), "upstream_config", "EMBEDDING_MODEL"],
    ["400", refusal(400, { param: "input" }), "upstream_config", "HTTP 400"],
    ["408", refusal(408), "upstream_unavailable", "HTTP 408"],
    ["409", refusal(409), "upstream_unavailable", "HTTP 409"],
    ["413", refusal(413), "context_too_long", "less text"],
    ["429", refusal(429), "upstream_rate_limited", "rate-limited"],
    [
      "429 without quota",
      refusal(429, { code: "insufficient_quota" }),
      "upstream_config",
      "credit",
    ],
    [
      "429 of a billing limit",
      refusal(429, { type: "billing_limit" }),
      "upstream_config",
      "credit",
    ],
    ["500", refusal(500), "upstream_unavailable", "HTTP 500"],
    [
      "503 in HTML",
      body("<html>", { status: 503, headers: { "content-type": "text/html" } }),
      "upstream_unavailable",
      "HTTP 503",
    ],
    ["529", refusal(529), "upstream_unavailable", "HTTP 529"],
    ["a content filter", refusal(400, { code: "content_filter" }), "content_filtered", "filter"],
    [
      "a context length by code",
      refusal(400, { code: "context_length_exceeded" }),
      "context_too_long",
      "less text",
    ],
    [
      "a context length by message only",
      refusal(400, { message: "This model's maximum context length is 512 tokens." }),
      "context_too_long",
      "less text",
    ],
    ["a reset", reset, "upstream_unavailable", "OPENAI_BASE_URL"],
    [
      "a web page",
      body("<html>", { headers: { "content-type": "text/html" } }),
      "upstream_bad_response",
      "web page",
    ],
    ["broken JSON", body('{"data": ['), "upstream_bad_response", "not JSON"],
    [
      "a redirect",
      body("", { status: 307, headers: { location: "/elsewhere" } }),
      "upstream_config",
      "redirect",
    ],
  ];
  test.each(cases)("%s", async (_, reply, code, detail) => {
    const error = await fail(reply);
    expect(error).toMatchObject({ code });
    expect(error.detail).toContain(detail);
    expect(error.detail).not.toMatch(/gpu-17|sk-live|private question|127\.0\.0\.1/);
  });
});

test("each call is one request: the SDK retries nothing and follows no redirect", async () => {
  const before = server.requests.length;
  await fail(refusal(503));
  await fail(refusal(429, {}, { "retry-after-ms": "1" }));
  await fail(body("", { status: 308, headers: { location: `${server.url}/embeddings` } }));
  expect(server.requests).toHaveLength(before + 3);
});

test.each([
  ["", "/v1/chat/completions"],
  ["/", "/v1/chat/completions"],
  [
    "/openai/deployments/d?api-version=2024-10-21",
    "/v1/openai/deployments/d/chat/completions?api-version=2024-10-21",
  ],
  ["/?api-version=preview", "/v1/chat/completions?api-version=preview"],
])("an address that ends in %j keeps its path and its query", async (end, path) => {
  server.script(body({}));
  const client = createOpenAiClient({ apiKey: API_KEY, baseUrl: `${server.url}${end}` });
  await client.sdk.post("/chat/completions", { body: {} });
  expect(server.requests.at(-1)?.path).toBe(path);
});

test("the time an upstream asks to wait is kept", async () => {
  const error = await fail(refusal(429, {}, { "retry-after": "7" }));
  expect(error.retryAfterMs).toBe(7_000);
});

test("what the upstream said is kept for the log, without any key", async () => {
  const message = `${UPSTREAM_TEXT}, you sent ${API_KEY}`;
  const error = await fail(refusal(401, { message }));
  const log = inspect(error, { depth: 10 });
  expect(log).toContain("gpu-17.example");
  expect(log).not.toContain(API_KEY);
  expect(log).not.toContain("sk-live");
});

test("an aborted call gives the signal's own reason and closes its connection", async () => {
  const controller = new AbortController();
  const before = server.requests.length;
  const failing = fail(hang, controller.signal);
  await expect.poll(() => server.requests.length).toBe(before + 1);
  const request = server.requests.at(-1);
  controller.abort(new AppError("deadline_exceeded", { stage: "embed" }));
  expect(await failing).toMatchObject({ code: "deadline_exceeded", stage: "embed" });
  expect(await request?.left).toBe(true);
});

test("an endpoint that is not there is named by the setting to check", async () => {
  const client = createOpenAiClient({ baseUrl: "http://127.0.0.1:9/v1" });
  const { signal } = new AbortController();
  const upstream = client.toUpstream("the chat model", "CHAT_MODEL");
  const error = await client.sdk.post("/embeddings", { signal }).then(
    () => undefined,
    (thrown: unknown) => toUpstreamError(thrown, signal, upstream),
  );
  expect(error).toMatchObject({ code: "upstream_unavailable" });
  expect(error?.detail).toContain("OPENAI_BASE_URL");
});

test("a JSON body beyond its limit is cut off", async () => {
  const error = await fail((response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const part = " ".repeat(2 ** 20);
    const write = (): void => {
      if (response.destroyed) return;
      response.write(part, write);
    };
    write();
  });
  expect(error).toMatchObject({ code: "upstream_bad_response" });
  expect(error.detail).toContain("16777216 bytes");
});

test("nothing of the environment is sent, only what the settings say", async () => {
  const given = {
    OPENAI_API_KEY: "ambient",
    OPENAI_ORG_ID: "ambient",
    OPENAI_PROJECT_ID: "ambient",
    OPENAI_BASE_URL: "http://127.0.0.1:9/ambient",
    OPENAI_CUSTOM_HEADERS: "x-ambient: ambient",
  };
  Object.assign(process.env, given);
  try {
    await fail(refusal(500));
    const sent = server.requests.at(-1)?.headers;
    expect(sent?.authorization).toBe(`Bearer ${API_KEY}`);
    expect(JSON.stringify(sent)).not.toContain("ambient");
    expect(JSON.stringify(sent)).not.toContain("stainless");

    const client = createOpenAiClient({ baseUrl: server.url });
    await client.sdk.post("/embeddings").catch(() => "the reply does not matter");
    expect(server.requests.at(-1)?.headers).not.toHaveProperty("authorization");
  } finally {
    for (const name of Object.keys(given)) Reflect.deleteProperty(process.env, name);
  }
});

test("what carries a request hears that it is given up and not why; the caller hears why", async () => {
  const given = new AbortController();
  const reason = new AppError("cancelled", { detail: "the client left" });
  let why: unknown;
  const client = createOpenAiClient({
    apiKey: API_KEY,
    send: async (_, { signal } = {}) => {
      given.abort(reason);
      why = signal?.reason;
      throw why;
    },
  });
  const upstream = client.toUpstream("the model", "EMBEDDING_MODEL");
  const thrown: unknown = await client.sdk
    .post("/embeddings", { body: { model: "m", input: ["x"] }, signal: given.signal })
    .catch((error: unknown) => error);
  expect(why).toMatchObject({ name: "AbortError" });
  expect(toUpstreamError(thrown, given.signal, upstream)).toBe(reason);
});

test.each([
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])(
  "a certificate that does not count (%s) is a matter of settings, and not tried again",
  async (code) => {
    const broken = Object.assign(new Error("unable to verify"), { code });
    const client = createOpenAiClient({ apiKey: API_KEY, send: () => Promise.reject(broken) });
    const upstream = client.toUpstream("the model", "EMBEDDING_MODEL");
    const { signal } = new AbortController();
    const thrown: unknown = await client.sdk.post("/embeddings").catch((error: unknown) => error);
    const error = toUpstreamError(thrown, signal, upstream);
    expect(error).toMatchObject({ code: "upstream_config", retryable: false });
    expect(error.message).toContain("NODE_EXTRA_CA_CERTS");
    expect((error.cause as Error).name).toContain(code); // the log says which it was
  },
);

test("a connection that nobody takes is a silence: it has cost as much time as one", async () => {
  const cause = Object.assign(new Error("Connect Timeout Error"), {
    code: "CONNECT_TIMEOUT",
  });
  const client = createOpenAiClient({ apiKey: API_KEY, send: () => Promise.reject(cause) });
  const upstream = client.toUpstream("the model", "EMBEDDING_MODEL");
  const { signal } = new AbortController();
  const thrown: unknown = await client.sdk.post("/embeddings").catch((error: unknown) => error);
  const error = toUpstreamError(thrown, signal, upstream);
  expect(error).toMatchObject({ code: "upstream_stalled", retryable: true });
  expect(error.message).toContain("did not take a connection in time: check OPENAI_BASE_URL");
});
