/** A Worker that cannot serve says which setting is wrong, at every address; it is alive all the same. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import type { Tool } from "../../src/agent/tool.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createEdgeApp } from "../../src/worker/edge-app.ts";
import { refuse } from "../../src/worker/refuse.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { askWith, makeInfo } from "../support/app.ts";
import { startEdge } from "./test-edge.ts";

const objects = { idFromName: (name: string) => name, get: () => ({}) };
const assets = { fetch: async () => new Response("no table", { status: 404 }) };
const good = { AUTH: "off", REGISTRY: objects, COLLECTIONS: objects, ASSETS: assets };
/** With which a Worker can be built. */
const table = {
  fetch: async () => new Response(await readFile("data/models/static-minilm/table.bin")),
};
const whole = { ...good, ASSETS: table };
const ai = { ...whole, AI: { run: () => Promise.reject(new Error("not asked")) } };
const index = { ...whole, VECTORIZE: { query: ai.AI.run }, VECTORIZE_COLLECTIONS: "guide" };
const limit = { limit: async () => ({ success: true }) };
const BGE = "@cf/baai/bge-base-en-v1.5";

describe.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
  ["no bindings", {}, "REGISTRY"],
  ["no registry", { ...good, REGISTRY: undefined }, "REGISTRY"],
  ["no collections", { ...good, COLLECTIONS: undefined }, "COLLECTIONS"],
  ["a text where a binding belongs", { ...good, COLLECTIONS: "x" }, "COLLECTIONS"],
  ["nothing where a binding belongs", { ...good, COLLECTIONS: null }, "COLLECTIONS"],
  ["another binding in its place", { ...good, REGISTRY: assets }, "binding REGISTRY"],
  ["no assets", { ...good, ASSETS: undefined }, "ASSETS"],
  ["assets without the table", good, "ASSETS lack models/static-minilm/table.bin"],
  [
    "assets with a damaged table",
    { ...good, ASSETS: { fetch: async () => new Response("x") } },
    "table.bin behind ASSETS is damaged",
  ],
  ["a LanceDB server without its address", { ...good, STORE: "lance" }, "LANCE_URL"],
  ["an address of a server that is not the store", { ...good, LANCE_URL: "http://l" }, "STORE"],
  ["tables to serve, which it does not have", { ...good, LANCE_GATEWAY: "true" }, "LANCE_GATEWAY"],
  ["an unknown store", { ...good, STORE: "papyrus" }, "STORE"],
  ["a wrong number", { ...good, DEADLINE_MS: "soon" }, "DEADLINE_MS"],
  ["a folder", { ...good, RUN_JOURNAL_DIR: "/runs" }, "RUN_JOURNAL_DIR"],
  ["a Redis", { ...good, REDIS_URL: "redis://127.0.0.1:9" }, "REDIS_URL"],
  ["a file of keys", { ...good, API_KEYS_FILE: "keys.json" }, "API_KEYS"],
  ["no keys", { ...good, AUTH: "keys" }, "API_KEYS"],
  ["keys that are none", { ...good, AUTH: "keys", API_KEYS: "trib_x" }, "API_KEYS"],
  ["shared runs", { ...good, SHARE_RUNS: "true" }, "SHARE_RUNS"],
  ["an embedder without its binding", { ...whole, AI_EMBEDDING_MODEL: BGE }, "binding AI"],
  ["a reranker without its binding", { ...whole, AI_RERANK_MODEL: "@cf/x" }, "AI_RERANK_MODEL"],
  ["a text where that binding belongs", { ...ai, AI: "x", AI_RERANK_MODEL: "x" }, "binding AI"],
  ["another binding in its place", { ...ai, AI: limit, AI_RERANK_MODEL: "x" }, "binding AI"],
  ["an unknown model", { ...ai, AI_EMBEDDING_MODEL: "@cf/x" }, "AI_EMBEDDING_DIMENSIONS"],
  ["dimensions of no model", { ...ai, AI_EMBEDDING_DIMENSIONS: "3" }, "AI_EMBEDDING_MODEL"],
  ["an embedder's name of no model", { ...ai, AI_EMBEDDER_ID: "x" }, "AI_EMBEDDING_MODEL"],
  ["a pooling that is none", { ...ai, AI_EMBEDDING_POOLING: "max" }, "AI_EMBEDDING_POOLING"],
  [
    "two embedders for the same vectors",
    { ...ai, AI_EMBEDDING_MODEL: BGE, AI_EMBEDDER_ID: "static:minilm-l6-v2-256" },
    "AI_EMBEDDER_ID",
  ],
  [
    "two rerankers",
    { ...ai, AI_RERANK_MODEL: "@cf/x", RERANK_URL: "http://127.0.0.1/rerank" },
    "RERANK_URL",
  ],
  ["a file of tools", { ...good, TOOLS_FILE: "tools.ts" }, "TOOLS_FILE"],
  [
    "an index without its binding",
    { ...whole, VECTORIZE_COLLECTIONS: "guide" },
    "VECTORIZE, which",
  ],
  [
    "an index beside a LanceDB server",
    { ...index, STORE: "lance", LANCE_URL: "http://127.0.0.1:9" },
    "VECTORIZE_COLLECTIONS is for collections in objects",
  ],
  ["a limit without its binding", { ...whole, RATE_LIMIT_PERIOD_MS: "60000" }, "RATE_LIMIT"],
  ["a limit without its period", { ...whole, RATE_LIMIT: limit }, "RATE_LIMIT_PERIOD_MS"],
  ["a period that is none", { ...whole, RATE_LIMIT_PERIOD_MS: "5000" }, "RATE_LIMIT_PERIOD_MS"],
])("with %s", (_, env, setting) => {
  const build = async (): Promise<unknown> => {
    try {
      return await createEdgeApp(env, () => undefined);
    } catch (thrown) {
      return thrown;
    }
  };
  test("every question is answered with a problem that names the setting", async () => {
    const request = new Request("http://worker.test/v1/ask", askWith({ question: "x" }));
    const response = refuse(request, await build(), silentLog);
    const problem = (await response.json()) as { code: string; detail: string };
    expect([response.status, problem.code]).toEqual([503, "misconfigured"]);
    expect(problem.detail).toContain(setting);
  });
  test("/readyz says the same, and /livez that it is alive", async () => {
    const thrown = await build();
    const ready = refuse(new Request("http://worker.test/readyz"), thrown, silentLog);
    expect(ready.status).toBe(503);
    const body = (await ready.json()) as { status: string; detail: string };
    expect(body.status).toBe("misconfigured");
    expect(body.detail).toContain(setting);
    expect(refuse(new Request("http://worker.test/livez"), thrown, silentLog).status).toBe(200);
  });
});

test("a tool that cannot be used is a fault of the Worker, and not of the request that built it", async () => {
  const tools = [{ name: "not a name" }] as unknown as readonly Tool[];
  await expect(createEdgeApp(whole, () => undefined, tools)).rejects.toMatchObject({
    code: "misconfigured",
    detail: expect.stringMatching(/^settings are wrong: the tools of the Worker.*tools\[0\]/),
  });
});

test("a Worker with a wrong setting answers so in its runtime, and without a token takes no pushes", async () => {
  const wrong = await startEdge({ STORE: "papyrus" });
  try {
    const response = await wrong.fetch("/v1/ask", askWith({ question: "x" }));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "misconfigured" });
    expect((await wrong.fetch("/readyz")).status).toBe(503);
    expect((await wrong.fetch("/livez")).status).toBe(200);
    const push = { collection: "guide", key: "a-key-of-content", token: "x", clock: systemClock };
    const refused = createEdgeTarget({ ...push, url: wrong.url }).begin(
      makeInfo("guide"),
      new AbortController().signal,
    );
    const detail = expect.stringMatching(/^the Worker at --url says: .*STORE/) as string;
    await expect(refused).rejects.toMatchObject({ code: "misconfigured", detail });
  } finally {
    await wrong.close();
  }
  const closed = await startEdge({ ADMIN_TOKEN: "" });
  try {
    const body = askWith({}, { Authorization: "Bearer " });
    const response = await closed.fetch("/v1/admin/collections/x/pushes", body);
    expect(await response.json()).toMatchObject({ code: "misconfigured" });
  } finally {
    await closed.close();
  }
});
