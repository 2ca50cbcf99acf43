import { expect, test } from "vitest";
import { refusal } from "../../scripts/chaos/reply.ts";
import { startUpstream } from "../../scripts/chaos/upstream.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { createChat } from "../../src/models/create-models.ts";
import { createEmbedders, createRerankers } from "../../src/node/wire.ts";

const key = { OPENAI_API_KEY: "sk-test" };
const url = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" };

const chats: readonly (readonly [
  name: string,
  env: Record<string, string>,
  id: string | undefined,
])[] = [
  ["nothing", {}, undefined],
  ["only a key", key, "gpt-4.1-mini"],
  ["a key and a model", { ...key, CHAT_MODEL: "other" }, "other"],
  ["only an address", url, undefined],
  ["an address and a key", { ...url, ...key }, undefined],
  ["an address and a model", { ...url, CHAT_MODEL: "llama" }, "llama"],
];
test.each(chats)("with %s the answerer is as documented", async (_name, env, id) => {
  const chat = await createChat(parseConfig(env));
  expect(chat?.id.split(":").at(-1)).toBe(id);
});

test("the bundled embedder is always there, and ingest uses the endpoint's when one is named", async () => {
  const plain = await createEmbedders(parseConfig({}));
  expect(plain.forIngest).toBe(plain.bundled);
  expect([...plain.byId.keys()]).toEqual([plain.bundled.id]);
  const both = await createEmbedders(parseConfig({ ...url, EMBEDDING_MODEL: "embed-1" }));
  expect([...both.byId.keys()]).toEqual([both.bundled.id, both.forIngest.id]);
  expect(both.forIngest.id).toContain("embed-1");
});

test("fallback models without a first one say what to set", async () => {
  await expect(
    createChat(parseConfig({ ...url, CHAT_MODELS_FALLBACK: "b" })),
  ).rejects.toMatchObject({
    code: "invalid_request",
    detail: expect.stringContaining("CHAT_MODELS_FALLBACK names models, but CHAT_MODEL names none"),
  });
});

test("every upstream the settings name can be watched", async () => {
  const config = parseConfig({
    ...url,
    CHAT_MODEL: "a",
    CHAT_MODELS_FALLBACK: "b, c",
    CHAT_FALLBACK_BASE_URL: "http://127.0.0.1:9/other",
    EMBEDDING_MODEL: "e",
    RERANK_URL: "http://127.0.0.1:9/rerank",
  });
  const upstreams = createUpstreamRegistry();
  await createEmbedders(config, { upstreams });
  await createRerankers(config, await createChat(config, { upstreams }), { upstreams });
  const read = upstreams.read();
  expect(read.map(({ upstream }) => upstream)).toEqual([
    "embed openai:e",
    "chat openai:a",
    "chat openai:b",
    "chat openai:c",
    "rerank rerank",
  ]);
  expect(read[0]).toMatchObject({ breaker: "closed", retryTokens: 500 });
  expect(Object.values(read[0]?.counts ?? {}).every((count) => count === 0)).toBe(true);
});

test("the key and the headers of one endpoint are not sent to the fallback's, and errors name the fallback's settings", async () => {
  const server = await startUpstream();
  server.script(refusal(503), refusal(401));
  await using _ = server;
  const other = await startUpstream();
  other.script(refusal(401));
  await using __ = other;
  const chat = await createChat(
    parseConfig({
      OPENAI_API_KEY: "sk-first",
      OPENAI_BASE_URL: server.url,
      OPENAI_HEADERS: "X-Provider=openai,api-key=a%2Cb",
      CHAT_MODEL: "a",
      CHAT_MODELS_FALLBACK: "b",
      CHAT_FALLBACK_BASE_URL: other.url,
    }),
  );
  const request = { messages: [], outputTokensMax: 10, temperature: 0 };
  const read = async (): Promise<void> => {
    for await (const delta of chat?.stream(request, new AbortController().signal) ?? []) {
      throw new Error(delta.type);
    }
  };
  await expect(read()).rejects.toMatchObject({
    code: "upstream_config",
    detail: expect.stringContaining("check CHAT_FALLBACK_API_KEY"),
  });
  expect(server.requests[0]?.headers).toMatchObject({
    authorization: "Bearer sk-first",
    "x-provider": "openai",
    "api-key": "a,b",
  });
  for (const name of ["authorization", "x-provider", "api-key"]) {
    expect(other.requests[0]?.headers).not.toHaveProperty(name);
  }
});

test("embeddings from an endpoint of their own: no key but theirs goes there, and errors name its settings", async () => {
  await using server = await startUpstream();
  await using other = await startUpstream();
  const common = {
    OPENAI_API_KEY: "sk-first",
    OPENAI_BASE_URL: server.url,
    OPENAI_HEADERS: "X-Provider=openai",
    EMBEDDING_MODEL: "e",
    ATTEMPTS_MAX: "1",
  };
  const embed = async (env: Readonly<Record<string, string>>) => {
    const { forIngest } = await createEmbedders(parseConfig({ ...common, ...env }));
    expect(forIngest.id).toBe("openai:e");
    return forIngest.embed(["a text"], "document", new AbortController().signal);
  };
  const own = { EMBEDDING_BASE_URL: other.url };
  await embed(own);
  await embed({ ...own, EMBEDDING_API_KEY: "sk-second" });
  expect(server.requests).toEqual([]);
  expect(other.requests.map(({ headers }) => headers["authorization"])).toEqual([
    undefined,
    "Bearer sk-second",
  ]);
  for (const { headers } of other.requests) expect(headers).not.toHaveProperty("x-provider");
  other.script(refusal(401));
  await expect(embed(own)).rejects.toMatchObject({
    code: "upstream_config",
    detail: expect.stringContaining("check EMBEDDING_API_KEY"),
  });
  other.script(refusal(404));
  await expect(embed(own)).rejects.toMatchObject({
    detail:
      'the embedding model "e" is not offered at this address: check EMBEDDING_MODEL and EMBEDDING_BASE_URL (HTTP 404)',
  });
});

test("an endpoint that offers no embeddings says where another is named", async () => {
  await using server = await startUpstream();
  const env = { OPENAI_BASE_URL: server.url, CHAT_MODEL: "m", EMBEDDING_MODEL: "e" };
  const config = parseConfig({ ...env, ATTEMPTS_MAX: "1" });
  server.script(refusal(404));
  const { forIngest } = await createEmbedders(config);
  await expect(
    forIngest.embed(["a text"], "document", new AbortController().signal),
  ).rejects.toMatchObject({
    detail: expect.stringContaining(
      "check EMBEDDING_MODEL and OPENAI_BASE_URL; EMBEDDING_BASE_URL names another",
    ),
  });
});

test.each<readonly [string, Readonly<Record<string, string>>, string | undefined]>([
  ["alone, answers are quoted", {}, undefined],
  ["beside a key, OpenAI's model writes", key, "gpt-4.1-mini"],
])("an address for embeddings chooses no chat model: %s", async (_name, env, id) => {
  const own = { EMBEDDING_BASE_URL: "http://127.0.0.1:9/v1", EMBEDDING_MODEL: "e" };
  const config = parseConfig({ ...own, ...env });
  expect((await createEmbedders(config)).forIngest.id).toBe("openai:e");
  expect((await createChat(config))?.id.split(":").at(-1)).toBe(id);
});

test("a chat model is not looked for where embeddings are", async () => {
  const own = { EMBEDDING_BASE_URL: "http://127.0.0.1:9/v1", EMBEDDING_MODEL: "e" };
  await expect(createChat(parseConfig({ ...own, CHAT_MODEL: "m" }))).rejects.toMatchObject({
    detail: expect.stringMatching(
      /^settings are wrong: CHAT_MODEL names a model, but no endpoint.* OpenAI$/,
    ),
  });
});

const incomplete = [
  ["CHAT_MODEL", createChat],
  ["EMBEDDING_MODEL", createEmbedders],
] as const;
test.each(incomplete)("%s without an endpoint says what to set", async (setting, create) => {
  await expect(create(parseConfig({ [setting]: "m" }))).rejects.toMatchObject({
    code: "invalid_request",
    detail: expect.stringContaining(`${setting} names a model, but no endpoint`),
  });
});

test("rerankers are those the settings allow", async () => {
  expect(Object.keys(await createRerankers(parseConfig({})))).toEqual(["lexical"]);
  const config = parseConfig({ ...url, CHAT_MODEL: "m", RERANK_URL: "http://127.0.0.1:9/rerank" });
  const all = await createRerankers(config, await createChat(config));
  expect(Object.keys(all).toSorted()).toEqual(["lexical", "llm", "remote"]);
});
