import { getEventListeners } from "node:events";
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { body, embeddings, type Received, refusal, type Reply } from "../../scripts/chaos/reply.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { createRemoteEmbedder } from "../../src/models/create-models.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { createOpenAiEmbedder } from "../../src/models/openai-embedder.ts";

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

const open = (): AbortSignal => new AbortController().signal;

function createEmbedder(baseUrl: string) {
  const client = createOpenAiClient({ apiKey: "k", baseUrl });
  return createOpenAiEmbedder({ client, model: "m" });
}

describe("against a mock of OpenAI that others wrote", () => {
  test("gives unit vectors in the order of the texts, the same text the same vector", async () => {
    const embedder = createEmbedder(`${mock.url}/v1`);
    const [a, b, again] = await embedder.embed(["alpha", "beta", "alpha"], "document", open());
    expect(a?.length).toBeGreaterThan(100);
    expect(norm(a)).toBeCloseTo(1, 5);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
  });

  test("gives a rate limit its code", async () => {
    mock.nextRequestError(429, { message: "slow down" });
    await expect(
      createEmbedder(`${mock.url}/v1`).embed(["x"], "query", open()),
    ).rejects.toMatchObject({ code: "upstream_rate_limited", retryAfterMs: expect.any(Number) });
  });
});

test("bears the model's name as its id", () => {
  expect(createEmbedder(server.url).id).toBe("openai:m");
});

describe("a model that was trained with words before each kind of text", () => {
  const E5 = {
    OPENAI_API_KEY: "k",
    EMBEDDING_MODEL: "e5",
    EMBEDDING_QUERY_PREFIX: "query: ",
    EMBEDDING_DOCUMENT_PREFIX: "passage: ",
  };
  const create = async (env: Readonly<Record<string, string>>) => {
    const config = parseConfig({ ...env, OPENAI_BASE_URL: server.url });
    return createRemoteEmbedder(config, { upstreams: createUpstreamRegistry() });
  };

  test.each([
    ["query", "query: why"],
    ["document", "passage: why"],
  ] as const)(
    "is sent them before a %s, with the blank, and not before nothing",
    async (kind, sent) => {
      server.script(embeddings([[1, 0]]));
      const embedder = await create(E5);
      const vectors = await embedder?.embed(["why", " "], kind, open());
      expect(server.requests.at(-1)?.body["input"]).toEqual([sent]);
      expect(vectors).toEqual([Float32Array.of(1, 0), undefined]);
    },
  );

  test("is another embedder with other words before documents, and the same with others before questions", async () => {
    const { EMBEDDING_QUERY_PREFIX: _, ...onlyDocuments } = E5;
    const { EMBEDDING_DOCUMENT_PREFIX: __, ...onlyQueries } = E5;
    expect((await create(E5))?.id).toBe("openai:e5|passage: ");
    expect((await create(onlyDocuments))?.id).toBe("openai:e5|passage: ");
    expect((await create(onlyQueries))?.id).toBe("openai:e5");
  });
});

test("normalises and puts back in order what comes shuffled", async () => {
  server.script(
    body({
      data: [
        { index: 1, embedding: [0, 2, 0] },
        { index: 0, embedding: [3, 0, 4] },
      ],
    }),
  );
  const [a, b] = await createEmbedder(server.url).embed(["a", "b"], "document", open());
  expect(server.requests.at(-1)?.body).toEqual({
    model: "m",
    input: ["a", "b"],
    encoding_format: "float",
  });
  expect(a).toEqual(Float32Array.of(0.6, 0, 0.8));
  expect(b).toEqual(Float32Array.of(0, 1, 0));
});

test("never sends blank texts and leaves their places empty", async () => {
  server.script(
    embeddings([
      [1, 0],
      [0, 1],
    ]),
  );
  const embedder = createEmbedder(server.url);
  const vectors = await embedder.embed(["", "a", " \n\t", "b"], "document", open());
  expect(server.requests.at(-1)?.body["input"]).toEqual(["a", "b"]);
  expect(vectors).toEqual([undefined, Float32Array.of(1, 0), undefined, Float32Array.of(0, 1)]);
  const before = server.requests.length;
  expect(await embedder.embed(["", " "], "query", open())).toEqual([undefined, undefined]);
  expect(await embedder.embed([], "query", open())).toEqual([]);
  expect(server.requests).toHaveLength(before);
});

describe("refuses an answer it cannot trust", () => {
  const one = (embedding: unknown) => embeddings([embedding]);
  const cases = [
    ["zeros", one([0, 0, 0]), "embedding_invalid", "zeros"],
    ["nulls", one([1, null, 0]), "embedding_invalid", "not a number"],
    ["strings", one(["1", "2"]), "embedding_invalid", "not a number"],
    ["base64", one("AACAPwAAAAA="), "embedding_invalid", "not a list"],
    ["nothing", one([]), "embedding_invalid", "not a list"],
    [
      "infinity",
      body('{"data":[{"index":0,"embedding":[1e999,1]}]}'),
      "embedding_invalid",
      "finite",
    ],
    ["NaN", body('{"data":[{"index":0,"embedding":[NaN,1]}]}'), "upstream_bad_response", "JSON"],
    ["no embedding", body({ data: [] }), "upstream_bad_response", "0 embeddings for 1 texts"],
    ["too many", embeddings([[1], [2]]), "upstream_bad_response", "2 embeddings for 1 texts"],
    [
      "too many that are none, counted and not looked at one by one",
      body({ data: [1, 2, 3] }),
      "upstream_bad_response",
      "3 embeddings for 1 texts",
    ],
    [
      "a wrong index",
      body({ data: [{ index: 1, embedding: [1] }] }),
      "upstream_bad_response",
      "index",
    ],
    [
      "an index that is none",
      body({ data: [{ index: "0", embedding: [1] }] }),
      "upstream_bad_response",
      "list of embeddings",
    ],
    ["an empty object", body({}), "upstream_bad_response", "list of embeddings"],
    ["an empty body", body(""), "upstream_bad_response", "list of embeddings"],
    [
      "text",
      body("ok", { headers: { "content-type": "text/plain" } }),
      "upstream_bad_response",
      "list",
    ],
  ] as const;
  test.each(cases)("%s", async (_, reply, code, detail) => {
    server.script(reply);
    const error: unknown = await createEmbedder(server.url)
      .embed(["private text"], "query", open())
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, detail: expect.stringContaining(detail) });
    expect(error).toMatchObject({ detail: expect.not.stringContaining("private") });
  });

  test("the same index twice", async () => {
    const row = { index: 0, embedding: [1, 0] };
    server.script(body({ data: [row, row] }));
    await expect(
      createEmbedder(server.url).embed(["a", "b"], "query", open()),
    ).rejects.toMatchObject({ code: "upstream_bad_response" });
  });
});

describe("holds every vector to one length", () => {
  test("that of the first document", async () => {
    server.script(embeddings([[1, 0, 0]]), embeddings([[1, 0]]));
    const embedder = createEmbedder(server.url);
    await embedder.embed(["a"], "document", open());
    await expect(embedder.embed(["b"], "query", open())).rejects.toMatchObject({
      code: "embedding_invalid",
      detail: expect.stringContaining("2 components instead of 3"),
    });
  });

  test("but a question's vector is held to its collection: an odd one spoils none after it", async () => {
    server.script(embeddings([[1, 0]]), embeddings([[1, 0, 0]]));
    const embedder = createEmbedder(server.url);
    await embedder.embed(["a"], "query", open());
    const [right] = await embedder.embed(["b"], "query", open());
    expect(right?.length).toBe(3);
  });

  test("within a batch", async () => {
    server.script(
      embeddings([
        [1, 0, 0],
        [1, 0],
      ]),
    );
    await expect(
      createEmbedder(server.url).embed(["a", "b"], "document", open()),
    ).rejects.toMatchObject({ code: "embedding_invalid" });
  });
});

test("refuses more texts than a call takes: its caller cuts batches", async () => {
  const embedder = createEmbedder(server.url);
  const texts = Array.from({ length: embedder.batchMax + 1 }, (_, index) => `text ${index}`);
  await expect(embedder.embed(texts, "document", open())).rejects.toThrow(RangeError);
});

test("leaves no listener on a signal that many calls share", async () => {
  server.script(embeddings([[1, 0]]));
  const embedder = createEmbedder(server.url);
  const signal = open();
  for (let count = 0; count < 20; count += 1) await embedder.embed(["a"], "query", signal);
  expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
});

function norm(vector: Float32Array | undefined): number {
  return Math.sqrt((vector ?? new Float32Array()).reduce((sum, value) => sum + value * value, 0));
}

describe("takes endpoints as they are", () => {
  const vectorsFor = (request: Received): Reply =>
    embeddings((request.body["input"] as readonly string[]).map((_, at) => [1, at]));
  const answer: Reply = (response, request) => vectorsFor(request)(response, request);
  /** What it asked for since then. */
  const asked = (since: number) => server.requests.slice(since).map(({ body }) => body);

  test.each([
    // LiteLLM before Gemini and Bedrock (BerriAI/litellm#14685)
    [
      "litellm.UnsupportedParamsError: bedrock does not support parameters: {'encoding_format': 'float'}, for model=titan",
    ],
    // Voyage AI (vectorize-io/hindsight#925)
    [
      "Value 'float' supplied for argument 'encoding_format' is not valid -- accepted values are 'base64'",
    ],
  ])("one that refuses encoding_format is asked without it from then on: %s", async (message) => {
    server.script(refusal(400, { message }), answer);
    const embedder = createEmbedder(server.url);
    const before = server.requests.length;
    await embedder.embed(["a"], "query", open());
    await embedder.embed(["b"], "query", open());
    expect(asked(before).map((body) => "encoding_format" in body)).toEqual([true, false, false]);
  });

  test("one that takes fewer texts a call is sent fewer from then on, and each text keeps its vector", async () => {
    // DashScope takes 10 (garrytan/gbrain#1199)
    const message =
      "<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.: input.contents";
    server.script((response, request) => {
      const { length } = request.body["input"] as readonly string[];
      const reply = length > 10 ? refusal(400, { message }) : vectorsFor(request);
      return reply(response, request);
    });
    const texts = Array.from({ length: 32 }, (_, at) => `text ${at}`);
    const embedder = createEmbedder(server.url);
    const before = server.requests.length;
    const vectors = await embedder.embed(texts, "document", open());
    const sizes = (since: number) =>
      asked(since).map((body) => (body["input"] as readonly string[]).length);
    expect(sizes(before)).toEqual([32, 16, 8, 8, 8, 8]);
    expect(vectors).toHaveLength(32);
    expect(vectors[8]).toEqual(Float32Array.of(1, 0)); // the first of the second call
    expect(vectors[31]).not.toEqual(vectors[24]);
    const again = server.requests.length;
    await embedder.embed(texts.slice(0, 20), "document", open());
    expect(sizes(again)).toEqual([8, 8, 4]);
  });

  test("a refusal of one text as too long is none of its batch", async () => {
    server.script(refusal(413, { message: "`inputs` must have less than 512 tokens. Given: 600" }));
    const before = server.requests.length;
    const embedding = createEmbedder(server.url).embed(["a", "b"], "document", open());
    await expect(embedding).rejects.toMatchObject({ code: "context_too_long" });
    expect(server.requests).toHaveLength(before + 1);
  });

  test.each<[string, object]>([
    ["Gemini leaves it out where it is 0 (samfoy/pi-session-search#13)", {}],
    ["gateways before Gemini write null", { index: null }],
  ])("a row without an index is the one of its place: %s", async (_, first) => {
    server.script(
      body({
        data: [
          { ...first, embedding: [1, 0] },
          { index: 1, embedding: [0, 1] },
        ],
      }),
    );
    const vectors = await createEmbedder(server.url).embed(["a", "b"], "document", open());
    expect(vectors).toEqual([Float32Array.of(1, 0), Float32Array.of(0, 1)]);
  });
});
