import { expect, test } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { createChat, createEmbedders, createRerankers } from "../../src/node/wire.ts";

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
