/** `/mcp`, seen by the protocol's own client, in its current revision and in the one before. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { toPlainChunk } from "../../../scripts/plain-chunk.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import type { Runner } from "../../../src/http/service.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import {
  makeApp,
  makeEnd,
  makeService,
  passage,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
} from "../../support/app.ts";
import { createTestStore, fillCollection, wordEmbedder } from "../../support/collections.ts";

const REVISIONS = [
  ["2026-07-28", { pin: "2026-07-28" }],
  ["2025", "legacy"],
] as const;

async function connect(
  options: TestOptions,
  mode: "legacy" | { readonly pin: string } = { pin: "2026-07-28" },
) {
  const service = makeService(options);
  const server = await serveTest(service);
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
  return {
    service,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const textOf = (result: object): string =>
  (result as { content: { text?: string }[] }).content[0]?.text ?? "";

describe.each(REVISIONS)("revision %s", (_name, mode) => {
  test("the tools are listed with what they take and give", async () => {
    await using at = await connect({}, mode);
    const { tools } = await at.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["ask", "search", "read_document"]);
    for (const { inputSchema, outputSchema, annotations } of tools) {
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: "object" });
      expect(annotations).toMatchObject({ readOnlyHint: true });
    }
  });

  test("a document that is called like its first heading is named once", async () => {
    const named = { ...passage, title: "Retries", location: { headings: ["Retries", "Jitter"] } };
    const found: RunEvent = { type: "retrieval-end", passages: [named] };
    await using at = await connect({ search: play([runStart, found, makeEnd({})]) }, mode);
    const call = { name: "search", arguments: { question: "What is jitter?" } };
    const result = await at.client.callTool(call);
    expect(textOf(result)).toContain("[1] Retries › Jitter (");
  });

  test("ask answers with text for people and the run for programs, and tells of its progress", async () => {
    await using at = await connect({}, mode);
    const told: string[] = [];
    const result = await at.client.callTool(
      { name: "ask", arguments: { question: "What are timeouts?", collections: ["guide"] } },
      { onprogress: ({ message }) => void told.push(message ?? "") },
    );
    expect(result.isError ?? false).toBe(false);
    expect(textOf(result)).toContain("Timeouts are limits. [1]\n\nSources:\n[1] A › Timeouts");
    expect(result.structuredContent).toMatchObject({
      runId: "run-1",
      grounding: "grounded",
      passages: [{ label: 1 }],
      citations: [{ label: 1 }],
    });
    expect(told).toEqual(["searching guide", "1 passages found"]);
    expect(at.service.asked).toMatchObject([{ collections: ["guide"] }]);
  });

  // Before the current revision a cancellation is a message of its own, which no session ties to the call.
  const way = mode === "legacy" ? "whose client leaves" : "that is cancelled";
  test(`a call ${way} ends its run`, async () => {
    const aborted = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const answer: Runner = async function* (_ask, signal) {
      yield runStart;
      yield retrievalEnd;
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      aborted.resolve(signal.reason);
      yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
    };
    await using at = await connect({ answer }, mode);
    const stop = new AbortController();
    const call = at.client.callTool(
      { name: "ask", arguments: { question: "x" } },
      { signal: stop.signal },
    );
    await begun.promise;
    const refused = call.catch((thrown: unknown) => thrown);
    if (mode === "legacy") await at.client.close();
    else stop.abort();
    expect(await refused).toBeInstanceOf(Error);
    expect(await aborted.promise).toMatchObject({ code: "cancelled" });
  });
});

test("what a document hides from its readers is not in the text for the client's model", async () => {
  const text = "Time\u200bouts\u{e0049}\u{e0047} are limits.";
  const found: RunEvent = { type: "retrieval-end", passages: [{ ...passage, text }] };
  await using at = await connect({ search: play([runStart, found, makeEnd()]) });
  const result = await at.client.callTool({ name: "search", arguments: { question: "timeouts" } });
  expect(textOf(result)).toContain("\nTimeouts are limits.");
  expect(result.structuredContent).toMatchObject({ passages: [{ text }] }); // as it is stored
});

test("search gives passages without an answer, and its run is not kept", async () => {
  await using at = await connect({});
  const result = await at.client.callTool({
    name: "search",
    arguments: { question: "timeouts", passagesMax: 3 },
  });
  expect(result.structuredContent).toMatchObject({ passages: [{ text: "Timeouts are limits." }] });
  expect(at.service.asked).toMatchObject([{ retrieval: { passagesMax: 3 } }]);
});

describe("read_document", () => {
  const read = async (args: object) => {
    const store = await createTestStore({ guide: { a: "Timeouts are limits." } });
    await using at = await connect({ store });
    return await at.client.callTool({ name: "read_document", arguments: { ...args } });
  };

  test("gives the document's chunks", async () => {
    const result = await read({ collection: "guide", documentId: "a" });
    expect(textOf(result)).toBe("Timeouts are limits.");
    expect(result.structuredContent).toMatchObject({
      collection: "guide",
      documentId: "a",
      chunks: [{ position: 0, text: "Timeouts are limits." }],
    });
  });

  test("gives what begins in the middle of a table below the names of its columns", async () => {
    const store = createMemoryStore();
    const columns = "| City | Manager |";
    const text = "| Graz | Ada Okafor |";
    const chunk = { ...toPlainChunk("a", text), location: { headings: [], columns } };
    await fillCollection(store, "guide", [chunk], wordEmbedder);
    await using at = await connect({ store });
    const args = { collection: "guide", documentId: "a" };
    const result = await at.client.callTool({ name: "read_document", arguments: args });
    expect(textOf(result)).toBe(`${columns}\n${text}`);
    expect(result.structuredContent).toMatchObject({ chunks: [{ columns, text }] });
  });

  const missing = [
    [{ collection: "guide", documentId: "b" }, "not_found"],
    [{ collection: "guide", documentId: "a", from: 9 }, "not_found"],
    [{ collection: "nope", documentId: "a" }, "collection_not_found"],
  ] as const;
  test.each(missing)("tells the model of %j", async (args, code) => {
    expect(await read(args)).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(code) }],
    });
  });
});

describe("bad input is the model's to mend", () => {
  const bad: readonly (readonly [name: string, args: object])[] = [
    ["ask", {}],
    ["ask", { question: 5 }],
    ["ask", { question: "   " }],
    ["ask", { question: "x", nonsense: 1 }],
    ["ask", { question: "x", collections: ["../etc"] }],
    ["ask", { question: "x", filter: { field: "drop table", op: "eq", value: 1 } }],
    ["ask", { question: "x", mode: "magic" }],
    ["search", { question: "x", passagesMax: -1 }],
    ["read_document", { collection: "guide" }],
    ["read_document", { collection: "guide", documentId: "a", from: -1 }],
  ];
  test.each(bad)("%s with %j", async (name, args) => {
    await using at = await connect({});
    const result = await at.client.callTool({ name, arguments: { ...args } });
    expect(result.isError).toBe(true);
    expect(at.service.asked).toEqual([]);
  });

  test("it is told in our words, which are no longer than it takes", async () => {
    await using at = await connect({});
    const collections = Array.from({ length: 20_000 }, () => 1);
    const args = { question: "x", collections };
    const text = textOf(await at.client.callTool({ name: "ask", arguments: args }));
    expect(text.length).toBeLessThan(2_000);
    expect(text).toMatch(/^invalid_request: collections\[0\] must be a string, is a number; /);
  });

  test("a tool that is not there is an error of the protocol", async () => {
    await using at = await connect({});
    await expect(at.client.callTool({ name: "drop", arguments: {} })).rejects.toThrow("drop");
  });
});

test("a run that fails is told in our words", async () => {
  const error = { code: "store_unavailable" as const, retryable: true, detail: "no leg answered" };
  const events: readonly RunEvent[] = [runStart, makeEnd({ outcome: "failed", error })];
  await using at = await connect({ answer: play(events) });
  const result = await at.client.callTool({ name: "ask", arguments: { question: "x" } });
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: "store_unavailable: no leg answered" }],
  });
});

test("a page of another origin, or a name that is not this machine's, is refused", async () => {
  const app = makeApp(makeService());
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  for (const headers of [
    { Host: "evil.example" },
    { Host: "localhost", Origin: "https://evil.example" },
  ]) {
    const response = await app.request("http://localhost/mcp", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json", ...headers },
    });
    expect(response.status).toBe(403);
  }
});

const broken = ["", "{", "[]", "null", '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":1}'];
test.each(broken)("the message %j gets an error of JSON-RPC", async (body) => {
  const response = await makeApp(makeService()).request("http://localhost/mcp", {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Host: "localhost",
    },
  });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await response.json()).toMatchObject({
    jsonrpc: "2.0",
    error: { code: expect.any(Number) },
  });
});

test.each([
  ["tools/call", '"name":"ask","arguments":{"question":"x","output":{"schema":DEEP}}'],
  ["initialize", '"protocolVersion":"2025-03-26","capabilities":{"experimental":DEEP}'],
])("a %s that nests without end is refused in our words", async (method, params) => {
  const deep = `${'{"not":'.repeat(7_000)}{}${"}".repeat(7_000)}`;
  const service = makeService();
  const response = await makeApp(service).request("http://localhost/mcp", {
    method: "POST",
    body: `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params.replace("DEEP", deep)}}}`,
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Host: "localhost",
    },
  });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { code: -32_700, message: expect.stringContaining("nested deeper than 64 levels") } },
  ]);
});

const long = "x".repeat(5_000);
const tooLong: readonly (readonly [string, object])[] = [
  ["tools/call", { name: long, arguments: {} }],
  ["resources/read", { uri: long }],
  ["tools/list", { _meta: { "io.modelcontextprotocol/protocolVersion": long } }],
  ["tools/call", { name: "search", arguments: { question: "x", [long]: 1 } }],
];
test.each(tooLong)("a %s with a name that has no end is not told it whole", async (...sent) => {
  const [method, params] = sent;
  const response = await makeApp(makeService()).request("http://localhost/mcp", {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "Mcp-Method": method,
      Host: "localhost",
    },
  });
  const text = await response.text();
  expect(text).toMatch(/has more than 200 characters|is not a known field/);
  expect(text).not.toContain(long.slice(0, 300));
});

test.each([
  [true, { ask: false, search: true, read_document: true }],
  [false, { ask: true, search: true, read_document: true }],
])(
  "whether tools of one's own may change something (%s) is said of `ask`",
  async (mayChange, hints) => {
    await using server = await serveTest({ ...makeService({}), mayChange });
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
    const { tools } = await client.listTools();
    await client.close();
    const found = tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]);
    expect(Object.fromEntries(found)).toEqual(hints);
  },
);
