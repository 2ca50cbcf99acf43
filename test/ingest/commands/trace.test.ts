/** What an ingest shows of itself: its spans at a collector, and its place in the trace at the embedding endpoint. */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EXIT_CODES } from "../../../ingest/commands/exit-codes.ts";
import type { Reply } from "../../../scripts/chaos/reply.ts";
import { startUpstream } from "../../../scripts/chaos/upstream.ts";
import { makeTempFolder, type TempFolder } from "../../support/local-store.ts";
import { startOtlpReceiver, toTree } from "../../support/otlp-receiver.ts";
import { runProgram } from "../../support/process.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${traceId}-b7ad6b7169203331-01`;
const SECRET = "sk-not-to-be-seen";
let folder: TempFolder;
let docs: string;

beforeEach(async () => {
  folder = await makeTempFolder();
  docs = join(folder.path, "docs");
  await mkdir(docs);
  await writeFile(join(docs, "zebras.md"), "# Zebras\n\nZebras wait a little longer each time.\n");
  await writeFile(join(docs, "queues.md"), "# Queues\n\nA bounded queue refuses work.\n");
});
afterEach(() => folder[Symbol.asyncDispose]());

function ingest(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const own = { DATA_DIR: join(folder.path, "store"), ...env };
  return runProgram("ingest/main.ts", [docs, "--collection", "notes", ...args], own);
}

const embed: Reply = (response, { body }) => {
  const input = body["input"] as readonly string[];
  const data = input.map((_, index) => ({ index, embedding: [1, 0] }));
  response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
};

test("the run, its stages and each batch are spans of one tree below the caller's, and the endpoint is told of its own", async () => {
  await using receiver = await startOtlpReceiver();
  await using upstream = await startUpstream();
  upstream.script(embed);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OPENAI_BASE_URL: upstream.url,
    OPENAI_API_KEY: SECRET,
    EMBEDDING_MODEL: "any",
    TRACEPARENT,
  };
  expect(await ingest(env)).toMatchObject({ code: EXIT_CODES.ok });
  const { spans } = receiver;
  // The second call asks how long a vector is, because the collection is new.
  expect(toTree(spans)).toBe(
    "ingest(commit + embed(embeddings any) + embeddings any + index + open + read)",
  );
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const root = spans.find(({ name }) => name === "ingest");
  expect(root).toMatchObject({ parentSpanId: "b7ad6b7169203331", status: { code: 0 } });
  expect(root?.attributes).toMatchObject({
    "tributary.collection": "notes",
    "tributary.outcome": "finished",
    "tributary.documents.added": 2,
    "tributary.chunks.added": 2,
  });
  const told = upstream.requests.map(({ headers }) => headers["traceparent"]);
  const calls = spans.filter(({ name }) => name === "embeddings any");
  expect(new Set(told)).toEqual(new Set(calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`)));
  const all = receiver.raw.toLowerCase();
  expect(["zebra", "queues", SECRET].filter((word) => all.includes(word))).toEqual([]);
});

test("an ingest that fails says where, and every batch is a span", async () => {
  await using receiver = await startOtlpReceiver();
  await using upstream = await startUpstream();
  let calls = 0;
  upstream.script((response, request) => {
    calls += 1;
    if (calls < 40) void embed(response, request);
    else response.writeHead(401).end();
  });
  const rows = Array.from({ length: 1_500 }, (_, row) => `${row},Text number ${row}.`);
  await writeFile(join(docs, "rows.csv"), `id,text\n${rows.join("\n")}\n`);
  const env = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own`,
    OPENAI_BASE_URL: upstream.url,
    EMBEDDING_MODEL: "any",
    ATTEMPTS_MAX: "1",
  };
  expect((await ingest(env)).code).not.toBe(EXIT_CODES.ok);
  expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(["/own"]));
  const named = (name: string) => receiver.spans.filter((span) => span.name === name);
  const [root] = named("ingest");
  expect(root).toMatchObject({ status: { code: 2, message: "upstream_config" } });
  expect(root?.attributes).toMatchObject({ "tributary.outcome": "failed" });
  const [good, bad] = [0, 2].map((code) =>
    named("embed").filter(({ status }) => status.code === code),
  );
  expect(good?.length).toBeGreaterThan(0);
  expect(bad?.length).toBeGreaterThan(0);
  expect(named("commit")).toHaveLength(good?.length ?? -1);
  for (const span of [...named("embed"), ...named("commit"), ...named("read")]) {
    expect(span.parentSpanId).toBe(root?.spanId);
  }
});

test("a collector that hangs is one line, and the ingest ends", async () => {
  await using receiver = await startOtlpReceiver("hang");
  const result = await ingest({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  expect(result.code).toBe(EXIT_CODES.ok);
  expect(result.stderr.match(/the collector does not take the spans/g)).toHaveLength(1);
  expect(result.stdout).toContain("documents 2 added");
});

test("without a collector nothing is sent, and an endpoint is still told of the caller's place", async () => {
  await using upstream = await startUpstream();
  upstream.script(embed);
  const env = { OPENAI_BASE_URL: upstream.url, EMBEDDING_MODEL: "any", TRACEPARENT };
  expect(await ingest(env)).toMatchObject({ code: EXIT_CODES.ok });
  const told = upstream.requests.map(({ headers }) => headers["traceparent"]);
  expect(new Set(told)).toEqual(new Set([TRACEPARENT]));
});

test("the doctor's work is a tree of the collections that it reads, with counts of what it found", async () => {
  await using receiver = await startOtlpReceiver();
  expect(await ingest({})).toMatchObject({ code: EXIT_CODES.ok });
  const store = join(folder.path, "store");
  await writeFile(join(store, "notes.lock"), "{");
  const env = { DATA_DIR: store, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, TRACEPARENT };
  const examined = await runProgram("ingest/main.ts", ["doctor"], env);
  expect(examined).toMatchObject({ code: EXIT_CODES.partly });
  expect(toTree(receiver.spans)).toBe("doctor(examine)");
  const [root, one] = ["doctor", "examine"].map((name) =>
    receiver.spans.find((span) => span.name === name),
  );
  expect(root).toMatchObject({ traceId, parentSpanId: "b7ad6b7169203331" });
  expect(root?.attributes).toMatchObject({ "tributary.fix": false, "tributary.damaged": 1 });
  expect(one?.attributes).toMatchObject({
    "tributary.collection": "notes",
    "tributary.damaged": 1,
  });
});

/** The admin address of a Worker that has nothing yet, as far as a push asks for it. */
async function startWorker() {
  const told: unknown[] = [];
  let refused = "nothing";
  const server = createServer((request, response) => {
    told.push(request.headers["traceparent"]);
    request.resume().on("end", () => {
      const { url = "" } = request;
      const problem = { code: "unauthenticated", detail: "no" };
      const page = { documents: [], chunksAdded: 2 };
      const push = { status: "open", documents: 0, chunks: 0 };
      const isRefused = url.endsWith(refused);
      const answer = url.endsWith("/documents") ? page : push;
      response.writeHead(isRefused ? 401 : 200);
      response.end(JSON.stringify(isRefused ? problem : answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    told,
    refuse: (end: string) => void (refused = end),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test("a push is a tree of its calls, the Worker is told of each, and one that fails says where", async () => {
  await using receiver = await startOtlpReceiver();
  expect(await ingest({})).toMatchObject({ code: EXIT_CODES.ok });
  await using worker = await startWorker();
  const env = {
    DATA_DIR: join(folder.path, "store"),
    ADMIN_TOKEN: SECRET,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    TRACEPARENT,
  };
  const push = () =>
    runProgram("ingest/main.ts", ["push", "notes", "--to", "edge", "--url", worker.url], env);
  expect(await push()).toMatchObject({ code: EXIT_CODES.ok });
  expect(toTree(receiver.spans)).toBe("push(begin + compare + publish + send)");
  const calls = receiver.spans.filter(({ name }) => name !== "push");
  expect(new Set(worker.told)).toEqual(
    new Set(calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`)),
  );
  expect(receiver.spans.find(({ name }) => name === "push")?.attributes).toMatchObject({
    "tributary.collection": "notes",
    "tributary.documents": 2,
    "tributary.chunks.sent": 2,
  });
  worker.refuse("publish");
  expect(await push()).toMatchObject({ code: EXIT_CODES.settings });
  const failed = receiver.spans.filter(({ status }) => status.message === "unauthenticated");
  expect(failed.map(({ name }) => name).toSorted()).toEqual(["publish", "push"]);
  const all = receiver.raw.toLowerCase();
  expect(["zebra", "queues", SECRET].filter((word) => all.includes(word))).toEqual([]);
});
