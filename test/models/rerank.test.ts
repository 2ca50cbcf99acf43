import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { body, hang, refusal, type Reply, reset } from "../../scripts/chaos/reply.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { AppError } from "../../src/errors.ts";
import { createRemoteReranker } from "../../src/models/rerank.ts";

let server: Upstream;
let mock: LLMock;
beforeAll(async () => {
  server = await startUpstream();
  mock = await LLMock.create({ port: 0 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await mock.stop();
});

const TEXTS = ["private a", "private b", "private c"];
const open = (): AbortSignal => new AbortController().signal;
const create = (): ReturnType<typeof createRemoteReranker> =>
  createRemoteReranker({ url: `${server.url}/rerank`, model: "r", apiKey: "secret-key" });

test("scores against a mock of Cohere that others wrote", async () => {
  mock.onRerank(/which/, [
    { index: 2, relevance_score: 0.9 },
    { index: 0, relevance_score: 0.5 },
    { index: 1, relevance_score: 0.1 },
  ]);
  const reranker = createRemoteReranker({ url: `${mock.url}/v2/rerank`, model: "rerank-v3.5" });
  expect(reranker.id).toBe("rerank:rerank-v3.5");
  expect(await reranker.score("which", TEXTS, open())).toEqual([0.5, 0.1, 0.9]);
});

describe("understands what endpoints answer", () => {
  const shapes: readonly (readonly [string, unknown])[] = [
    [
      "Cohere, Jina and vLLM",
      {
        id: "x",
        results: [
          { index: 1, relevance_score: 0.8, document: { text: "b" } },
          { index: 0, relevance_score: -2 },
          { index: 2, relevance_score: 0 },
        ],
        usage: {},
      },
    ],
    [
      "text-embeddings-inference",
      [
        { index: 1, score: 0.8 },
        { index: 0, score: -2 },
        { index: 2, score: 0 },
      ],
    ],
  ];
  test.each(shapes)("%s", async (_, answer) => {
    server.script(body(answer));
    expect(await create().score("q", TEXTS, open())).toEqual([-2, 0.8, 0]);
    expect(server.requests.at(-1)).toMatchObject({
      headers: { authorization: "Bearer secret-key" },
      body: { model: "r", query: "q", documents: TEXTS, top_n: 3 },
    });
  });

  test("asks with `texts` where the endpoint says so, and remembers it", async () => {
    const scores = TEXTS.map((_, index) => ({ index, score: index }));
    const missing = body("Failed to deserialize: missing field `texts` at line 1", { status: 422 });
    server.script(missing, body(scores));
    const reranker = create();
    const before = server.requests.length;
    expect(await reranker.score("q", TEXTS, open())).toEqual([0, 1, 2]);
    expect(await reranker.score("q", TEXTS, open())).toEqual([0, 1, 2]);
    expect(server.requests).toHaveLength(before + 3);
    expect(server.requests.at(-1)?.body).toEqual({ query: "q", texts: TEXTS, truncate: true });
  });

  test("asks with `documents` again where another server has come to the address", async () => {
    const missing = body("missing field `texts`", { status: 422 });
    const scores = body(TEXTS.map((_text, index) => ({ index, score: index })));
    const reranker = create();
    server.script(missing, scores);
    await reranker.score("q", TEXTS, open());
    server.script(body({ detail: "body.documents: Field required" }, { status: 422 }), scores);
    expect(await reranker.score("q", TEXTS, open())).toEqual([0, 1, 2]);
    expect(server.requests.at(-1)?.body).toMatchObject({ documents: TEXTS });
    // One that takes neither is not asked for ever.
    const { length } = server.requests;
    server.script(body({ detail: "documents, or texts, are wrong" }, { status: 422 }));
    await expect(reranker.score("q", TEXTS, open())).rejects.toThrow(AppError);
    expect(server.requests.length - length).toBe(2);
  });

  test("asks without `top_n` where the endpoint says so, reads Voyage's form, and remembers it", async () => {
    // Voyage AI (diegosouzapw/OmniRoute#7809)
    const data = TEXTS.map((_, index) => ({ index, relevance_score: index }));
    const scores = body({ object: "list", data, model: "r", usage: { total_tokens: 57 } });
    const detail =
      "The request body is not valid JSON, or some arguments were not specified properly. In particular, Argument 'top_n' is not supported by our API";
    server.script(body({ detail }, { status: 400 }), scores);
    const reranker = create();
    const before = server.requests.length;
    expect(await reranker.score("q", TEXTS, open())).toEqual([0, 1, 2]);
    expect(await reranker.score("q", TEXTS, open())).toEqual([0, 1, 2]);
    expect(server.requests).toHaveLength(before + 3);
    expect(server.requests.at(-1)?.body).toEqual({ model: "r", query: "q", documents: TEXTS });
  });

  test("sends nothing for no texts", async () => {
    const before = server.requests.length;
    expect(await create().score("q", [], open())).toEqual([]);
    expect(server.requests).toHaveLength(before);
  });
});

describe("refuses an answer it cannot trust", () => {
  const results = (...rows: readonly object[]): Reply => body({ results: rows });
  const row = (index: unknown, relevance_score: unknown): object => ({ index, relevance_score });
  const cases: readonly (readonly [string, Reply, string])[] = [
    ["an index missing", results(row(0, 1), row(1, 1)), "upstream_bad_response"],
    ["an index twice", results(row(0, 1), row(1, 1), row(1, 2)), "upstream_bad_response"],
    ["one too many", results(row(0, 1), row(1, 1), row(2, 2), row(2, 3)), "upstream_bad_response"],
    ["an index that is none", results(row(0, 1), row(1, 1), row(3, 2)), "upstream_bad_response"],
    ["a score that is null", results(row(0, 1), row(1, 1), row(2, null)), "upstream_bad_response"],
    ["a score that is infinite", body('[{"index":0,"score":1e999}]'), "upstream_bad_response"],
    ["an empty object", body({}), "upstream_bad_response"],
    ["broken JSON", body("["), "upstream_bad_response"],
    [
      "a web page",
      body("<html>", { headers: { "content-type": "text/html" } }),
      "upstream_bad_response",
    ],
    ["401", refusal(401), "upstream_config"],
    ["400", refusal(400), "upstream_config"],
    ["429", refusal(429, {}, { "retry-after": "3" }), "upstream_rate_limited"],
    ["429 without quota", refusal(429, { code: "insufficient_quota" }), "upstream_config"],
    ["500", refusal(500), "upstream_unavailable"],
    ["a reset", reset, "upstream_unavailable"],
    ["a redirect", body("", { status: 307, headers: { location: "/x" } }), "upstream_config"],
  ];
  const lists = {
    "Cohere's": { results: [1, 2, 3, 4] },
    "Voyage's": { data: [1, 2, 3, 4] },
    TEI: [1, 2, 3, 4],
  };
  test.each(Object.entries(lists))(
    "too many that are none are counted and not looked at one by one: %s",
    async (_, list) => {
      server.script(body(list));
      await expect(create().score("q", TEXTS, open())).rejects.toMatchObject({
        code: "upstream_bad_response",
        detail: expect.stringContaining("4 scores for 3 texts"),
      });
    },
  );
  test.each(cases)("%s", async (_, reply, code) => {
    server.script(reply);
    const before = server.requests.length;
    const error: unknown = await create()
      .score("q", TEXTS, open())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect((error as AppError).detail).not.toMatch(/gpu-17|secret-key|private|127\.0/);
    expect(server.requests).toHaveLength(before + 1);
  });
});

test("an abort gives the signal's reason and closes the connection", async () => {
  server.script(hang);
  const before = server.requests.length;
  const controller = new AbortController();
  const scoring = create().score("q", TEXTS, controller.signal);
  await expect.poll(() => server.requests.length).toBe(before + 1);
  controller.abort(new AppError("deadline_exceeded", { stage: "rerank" }));
  await expect(scoring).rejects.toMatchObject({ code: "deadline_exceeded", stage: "rerank" });
  expect(await server.requests.at(-1)?.left).toBe(true);
});

test("an endpoint that takes fewer texts at once (text-embeddings-inference) is sent fewer, and from then on", async () => {
  const limited: Reply = (response, request) => {
    const { texts } = request.body as { readonly texts?: readonly string[] };
    if (texts === undefined) {
      return body({ error: "missing field `texts`" }, { status: 422 })(response, request);
    }
    if (texts.length > 2) {
      const error = `batch size ${texts.length} > maximum allowed batch size 2`;
      return body({ error, error_type: "Validation" }, { status: 413 })(response, request);
    }
    return body(texts.map((text, index) => ({ index, score: text.length })))(response, request);
  };
  server.script(...Array.from({ length: 8 }, () => limited));
  const reranker = create();
  const before = server.requests.length;
  expect(await reranker.score("q", ["a", "bb", "ccc", "dddd", "eeeee"], open())).toEqual([
    1, 2, 3, 4, 5,
  ]);
  const learned = server.requests.length;
  expect(await reranker.score("q", ["a", "bb", "ccc"], open())).toEqual([1, 2, 3]);
  expect(server.requests.length - learned).toBe(2);
  expect(learned - before).toBeLessThanOrEqual(8);
});

test("a refusal of so many documents that speaks of texts asks for fewer, and for no other form", async () => {
  const limited: Reply = (response, request) => {
    const { documents } = request.body as { readonly documents?: readonly string[] };
    if (documents === undefined) {
      return body({ message: "documents is missing" }, { status: 400 })(response, request);
    }
    if (documents.length > 2) {
      return body({ message: "too many texts: at most 2" }, { status: 400 })(response, request);
    }
    const results = documents.map((text, index) => ({ index, relevance_score: text.length }));
    return body({ results })(response, request);
  };
  server.script(...Array.from({ length: 3 }, () => limited));
  expect(await create().score("q", ["a", "bb", "ccc", "dddd"], open())).toEqual([1, 2, 3, 4]);
});

test("one text refused as a batch is an error, and asked once", async () => {
  server.script(body({ error: "batch size 1 > maximum allowed batch size 0" }, { status: 413 }));
  await expect(create().score("q", ["a"], open())).rejects.toMatchObject({
    code: "context_too_long",
  });
});
