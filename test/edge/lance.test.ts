/** A Worker over the collections of a LanceDB server, which is a Node process with the gateway. */
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { createStore } from "../../src/node/wire.ts";
import { makeAccess, makeKey } from "../support/keys.ts";
import { startGateway, type TestGateway } from "../support/lance-gateway.ts";
import { makeLocalStore, type TempFolder } from "../support/local-store.ts";
import { makeInfo } from "../support/app.ts";
import { startEdge, TOKEN, type TestEdge } from "./test-edge.ts";

let folder: TempFolder;
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  folder = await makeLocalStore();
  const made = await makeKey({ scopes: ["read"] });
  key = made.key;
  const store = await createStore(parseConfig({ DATA_DIR: folder.path }));
  gateway = await startGateway(store, makeAccess([made.entry]).access);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function startWith(vars: Readonly<Record<string, string>>): Promise<TestEdge> {
  const edge = await startEdge({ STORE: "lance", ...vars });
  onTestFinished(async () => edge.close());
  return edge;
}
const ask = (body: unknown) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

describe("a Worker with STORE lance", () => {
  test("answers from both arms, reads documents, and is ready", async () => {
    const edge = await startWith({ LANCE_URL: gateway.url, LANCE_API_KEY: key });
    const ready = (await (await edge.fetch("/readyz")).json()) as object;
    expect(ready).toMatchObject({
      status: "ready",
      collections: [{ name: "guide", status: "ready", embedderReady: true }],
    });
    const found = await edge.fetch("/v1/search", ask({ question: "Why do retries use jitter?" }));
    expect(found.status).toBe(200);
    const { passages, ledger } = (await found.json()) as {
      passages: { chunkId: string; trail: object }[];
      ledger: { retriever: string; status: string }[];
    };
    expect(passages[0]?.chunkId).toBe("retries.md#0");
    expect(passages[0]?.trail).toMatchObject({ "guide/vector": 1, "guide/keyword": 1 });
    expect(ledger).toContainEqual(
      expect.objectContaining({ retriever: "keyword", status: "found" }),
    );
    expect(ledger).toContainEqual(
      expect.objectContaining({ retriever: "vector", status: "found" }),
    );
    const read = await edge.fetch("/v1/collections/guide/documents/retries.md");
    expect(await read.text()).toContain("Retries use jitter");
    const target = { collection: "guide", key: "a-key-of-content" };
    const pushing = createEdgeTarget({
      ...target,
      url: edge.url,
      token: TOKEN,
      clock: systemClock,
    });
    await expect(
      pushing.begin(makeInfo("guide"), new AbortController().signal),
    ).rejects.toMatchObject({ detail: expect.stringContaining("takes no pushes") as string });
  });

  test("looks at its server again after a look that outlived the request that began it", async () => {
    const server = await startServer();
    const edge = await startWith({ LANCE_URL: server.url, HEALTH_TIMEOUT_MS: "500" });
    expect((await edge.fetch("/readyz")).status).toBe(200);
    await sleep(1_100); // the view is not fresh any more
    server.answer = "nothing";
    expect((await edge.fetch("/readyz")).status).toBe(200);
    server.answer = "refusal";
    await expect
      .poll(async () => (await edge.fetch("/readyz")).text(), { interval: 500 })
      .toContain("LANCE_API_KEY");
  });

  test.each([
    [
      "a key that does not count",
      { LANCE_API_KEY: "trib_wrong" },
      "misconfigured",
      "LANCE_API_KEY",
    ],
    [
      "a server that is not there",
      { LANCE_URL: "http://127.0.0.1:9" },
      "store_unavailable",
      "LANCE_URL",
    ],
  ])("says with %s which setting it is", async (_, wrong, code, setting) => {
    const edge = await startWith({ LANCE_URL: gateway.url, LANCE_API_KEY: key, ...wrong });
    const ready = await edge.fetch("/readyz");
    expect(ready.status).toBe(503);
    const body = (await ready.json()) as { code: string; detail: string };
    expect(body.code).toBe(code);
    expect(body.detail).toContain(setting);
    const asked = await edge.fetch("/v1/search", ask({ question: "Why?" }));
    expect(asked.status).toBe(503);
    expect(await asked.text()).toContain(setting);
  });
});

interface TestServer {
  readonly url: string;
  answer: "list" | "nothing" | "refusal";
}

/** A server without tables, which falls silent or takes no key any more when it is told. */
async function startServer(): Promise<TestServer> {
  const server: Server = createServer((_request, response) => {
    if (state.answer === "nothing") return;
    response.writeHead(state.answer === "list" ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify({ tables: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { readonly port: number };
  const state: TestServer = { url: `http://127.0.0.1:${port}`, answer: "list" };
  return state;
}
