/** A collection that a key may not see is, for that key, one that does not exist: in every surface, to the letter. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { beforeAll, expect, test } from "vitest";
import type { Access } from "../../../src/access/access.ts";
import { parseConfig } from "../../../src/config.ts";
import type { ReadStore } from "../../../src/stores/store.ts";
import { askWith } from "../../support/app.ts";
import { createTestStore } from "../../support/collections.ts";
import { makeStoreApp } from "../../support/store-app.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";

const open = { retries: "Retries use jitter so that clients do not come back at the same moment." };
/** As long as the name that exists nowhere, so that texts can be compared. */
const HIDDEN = "ledgers";
const NOWHERE = "nowhere";
const hidden = { salaries: "Retries of salaries use jitter, as the zqsecret says." };

type App = ReturnType<typeof makeStoreApp>;
let app: App;
let narrow: Record<string, string>;
let wide: Record<string, string>;

beforeAll(async () => {
  const [one, all] = await Promise.all([makeKey({ collections: ["guide", NOWHERE] }), makeKey()]);
  narrow = bearer(one.key);
  wide = bearer(all.key);
  app = makeHiddenApp(makeAccess([one.entry, all.entry]).access, await createBoth(), {
    ANSWER_CACHE_RUNS_MAX: "10",
  });
});

const createBoth = () => createTestStore({ guide: open, [HIDDEN]: hidden });

function makeHiddenApp(
  access: Access,
  store: ReadStore,
  settings: Record<string, string> = {},
): App {
  return makeStoreApp(store, { config: parseConfig(settings), access });
}

const question = "Why do retries use jitter?";
/** Without what differs from request to request. */
async function tell(response: Response, name: string): Promise<string> {
  const text = (await response.text()).replaceAll(name, "NAME");
  return `${response.status} ${text.replace(/[0-9a-f-]{36}/g, "ID").replace(/"\w+Ms":[\d.]+/g, "")}`;
}

test.each<readonly [string, (name: string) => readonly [string, RequestInit]]>([
  ["asking", (name) => ["/v1/ask", askWith({ question, collections: [name] })]],
  [
    "asking for several",
    (name) => ["/v1/ask", askWith({ question, collections: ["guide", name] })],
  ],
  ["requiring", (name) => ["/v1/ask", askWith({ question, retrieval: { require: [name] } })]],
  ["searching", (name) => ["/v1/search", askWith({ question, collections: [name] })]],
  [
    "explaining",
    (name) => [
      "/v1/explain",
      askWith({ question, documentId: "salaries", collection: name, collections: ["guide"] }),
    ],
  ],
  [
    "a model of it",
    (name) => [
      "/v1/chat/completions",
      askWith({ model: `tributary/${name}`, messages: [{ role: "user", content: question }] }),
    ],
  ],
  ["the model's entry", (name) => [`/v1/models/tributary/${name}`, {}]],
  ["the collection", (name) => [`/v1/collections/${name}`, {}]],
  ["its documents", (name) => [`/v1/collections/${name}/documents`, {}]],
  ["a document", (name) => [`/v1/collections/${name}/documents/salaries`, {}]],
])("%s is answered as for a name that is none", async (_, make) => {
  const texts: string[] = [];
  for (const name of [HIDDEN, NOWHERE]) {
    const [path, init] = make(name);
    const headers = { ...(init.headers as Record<string, string>), ...narrow };
    texts.push(await tell(await app.request(path, { ...init, headers }), name));
  }
  expect(texts[0]).toBe(texts[1]);
  expect(texts[0]).toMatch(/^(404|400|503) /);
  const [path, init] = make(HIDDEN);
  const headers = { ...(init.headers as Record<string, string>), ...wide };
  expect((await app.request(path, { ...init, headers })).status).toBe(200);
});

test("lists and answers over all collections hold nothing of it, whoever asked the same before", async () => {
  const asks: readonly (readonly [string, RequestInit])[] = [
    ["/v1/collections", {}],
    ["/v1/models", {}],
    ["/v1/ask", askWith({ question })],
    ["/v1/search", askWith({ question })],
  ];
  for (const [path, init] of asks) {
    const as = (key: Record<string, string>) =>
      app.request(path, { ...init, headers: { ...(init.headers as object), ...key } });
    expect(await (await as(wide)).text()).toContain(HIDDEN);
    const text = await (await as(narrow)).text();
    expect(text).not.toContain(HIDDEN);
    expect(text).not.toContain("zqsecret");
  }
});

test("the run that named a collection its key may not see is found under the id that its refusal tells", async () => {
  const records: object[] = [];
  for (const name of [HIDDEN, NOWHERE]) {
    const refused = await app.request(
      "/v1/ask",
      askWith({ question, collections: [name] }, narrow),
    );
    const id = refused.headers.get("X-Run-Id");
    expect([refused.status, id]).toEqual([404, expect.any(String)]);
    const found = await app.request(`/v1/runs/${id}`, { headers: narrow });
    records.push([found.status, await tell(found, name)]);
    const events = await app.request(`/v1/runs/${id}/events`, { headers: narrow });
    expect(await events.text()).toContain("collection_not_found");
    expect((await app.request(`/v1/runs/${id}`, { headers: wide })).status).toBe(404);
  }
  expect(records[0]).toEqual(records[1]);
});

test("a run of another caller is none", async () => {
  const init = askWith({ question }, wide);
  const { runId } = (await (await app.request("/v1/ask", init)).json()) as { runId: string };
  expect((await app.request(`/v1/runs/${runId}`, { headers: wide })).status).toBe(200);
  for (const [method, path] of [
    ["GET", `/v1/runs/${runId}`],
    ["GET", `/v1/runs/${runId}/events`],
    ["DELETE", `/v1/runs/${runId}`],
  ] as const) {
    expect((await app.request(path, { method, headers: narrow })).status).toBe(404);
  }
});

test("a key that lost a collection has lost the runs over it too, and repeats none of them", async () => {
  const { key, entry } = await makeKey();
  const { access, source } = makeAccess([entry]);
  const own = makeHiddenApp(access, await createBoth());
  const ask = () =>
    own.request("/v1/ask", askWith({ question }, { ...bearer(key), "Idempotency-Key": "one" }));
  const text = await (await ask()).text();
  expect(text).toContain("zqsecret");
  const { runId } = JSON.parse(text) as { runId: string };
  source.keys = [{ ...entry, collections: ["guide"] }];
  for (const [method, path] of [
    ["GET", `/v1/runs/${runId}`],
    ["GET", `/v1/runs/${runId}/events`],
    ["DELETE", `/v1/runs/${runId}`],
  ] as const) {
    expect((await own.request(path, { method, headers: bearer(key) })).status).toBe(404);
  }
  const again = await (await ask()).text();
  expect(again).toContain("jitter");
  expect(again).not.toContain("zqsecret");
  const { runId: next } = JSON.parse(again) as { runId: string };
  expect((await own.request(`/v1/runs/${next}`, { headers: bearer(key) })).status).toBe(200);
});

test("a limited key is answered from what its collections held a moment ago, like any other", async () => {
  const { key, entry } = await makeKey({ collections: ["guide"] });
  const store = await createBoth();
  let hangs = false;
  const slow: typeof store = {
    ...store,
    open: (name, signal) =>
      hangs
        ? new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          })
        : store.open(name, signal),
  };
  const own = makeHiddenApp(makeAccess([entry]).access, slow, { STALE_AFTER_MS: "20" });
  const ask = () =>
    own.request("/v1/ask", askWith({ question, collections: ["guide"] }, bearer(key)));
  expect((await ask()).status).toBe(200);
  hangs = true;
  const late = await ask();
  expect([late.status, await late.json()]).toMatchObject([
    200,
    { grounding: "grounded", degraded: ["collection_stale:guide"] },
  ]);
});

test("an MCP client sees the tools of its scopes, and only its collections", async () => {
  const reader = await makeKey({ scopes: ["read"], collections: ["guide"] });
  const own = makeHiddenApp(makeAccess([reader.entry]).access, await createBoth());
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), {
      fetch: async (url, init) => own.request(String(url), init),
      requestInit: { headers: bearer(reader.key) },
    }),
  );
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).toSorted()).toEqual(["read_document", "search"]);
  const found = await client.callTool({ name: "search", arguments: { question } });
  expect(JSON.stringify(found)).toContain("jitter");
  expect(JSON.stringify(found)).not.toContain("zqsecret");
  const refused = await client.callTool({
    name: "read_document",
    arguments: { collection: HIDDEN, documentId: "salaries" },
  });
  expect(refused.isError).toBe(true);
  await client.close();
});
