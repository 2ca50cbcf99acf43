/** The typed client against a real server: its types, and its event stream through dropped connections. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type * as z from "zod";
import { expect, expectTypeOf, test } from "vitest";
import { BrokenOffError, createClient, RefusedError, streamAsk } from "../../src/client/client.ts";
import { readRun } from "../../src/client/read-run.ts";
import type { RunEvent, RunRecord } from "../../src/domain/event.ts";
import type { DocumentList } from "../../src/http/list-documents.ts";
import type { DocumentText } from "../../src/http/read-document.ts";
import type { CollectionList, Problem } from "../../src/http/openapi/bodies.ts";
import {
  goodRun,
  makeEnd,
  makeService,
  play,
  retrievalEnd,
  runStart,
  serveTest,
} from "../support/app.ts";

const question = { question: "What are timeouts?" };
const types = (events: readonly RunEvent[]) =>
  // Deltas may come in any number of pieces.
  events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
const joined = types(goodRun);

const cancel = async (): Promise<void> => undefined;

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("routes, bodies and statuses have the types of the API's table", async () => {
  await using served = await serveTest(makeService());
  const client = createClient(served.url);
  const asked = await client.v1.ask.$post({ json: question });
  if (asked.status !== 200) throw new Error("refused");
  const record = await asked.json();
  expectTypeOf(record).toEqualTypeOf<RunRecord>();
  expect(record).toMatchObject({ outcome: "finished", answer: "Timeouts are limits. [1]" });

  const listed = await client.v1.collections.$get();
  if (listed.status !== 200) throw new Error("refused");
  const list = await listed.json();
  expectTypeOf(list).toEqualTypeOf<z.infer<typeof CollectionList>>();
  expect(list.collections.map(({ name }) => name)).toEqual(["guide"]);

  const page = await client.v1.collections[":name"].documents.$get({
    param: { name: "none" },
    query: { prefix: "ops/", limit: "10" },
  });
  if (page.status === 200) {
    expectTypeOf(await page.json()).toEqualTypeOf<DocumentList>();
    throw new Error("there is no such collection");
  }

  const read = client.v1.collections[":name"].documents[":id"].$get;
  const document = await read({ param: { name: "none", id: "a.md" }, query: { from: "0" } });
  if (document.status === 200) {
    expectTypeOf(await document.json()).toEqualTypeOf<DocumentText>();
    throw new Error("there is no such collection");
  }
  const problem = await document.json();
  expectTypeOf(problem).toEqualTypeOf<z.infer<typeof Problem>>();
  expect(problem.code).toBe("collection_not_found");

  // @ts-expect-error a question needs its question
  await client.v1.ask.$post({ json: { mode: "direct" } });
  // @ts-expect-error no such mode
  await client.v1.ask.$post({ json: { ...question, mode: "swift" } });
  expectTypeOf(client.v1).not.toHaveProperty("answer");
});

test("a question is streamed as typed events, run-end last", async () => {
  await using served = await serveTest(makeService());
  const events = streamAsk(createClient(served.url), question);
  expectTypeOf(events).toEqualTypeOf<AsyncGenerator<RunEvent, void>>();
  expect(types(await collect(events))).toEqual(joined);
});

test("a refusal has its status and problem, and is not tried again", async () => {
  const service = makeService();
  await using served = await serveTest(service);
  const refused = collect(streamAsk(createClient(served.url), { question: " " }));
  await expect(refused).rejects.toMatchObject({
    name: "RefusedError",
    status: 400,
    problem: { code: "invalid_request" },
  });
  expect(service.asked).toHaveLength(0);
});

test("however often the connection drops, each event comes once and in order", async () => {
  const service = makeService({ answer: play(goodRun) });
  await using served = await serveTest(service);
  // In between stands a proxy that passes on no message at first, one more each time, and then drops the connection.
  await using proxy = await listen(createDropper(served.url));
  const events = streamAsk(createClient(proxy.url), question, { backoffMs: 1 });
  const all = await collect(events);
  expect(types(all)).toEqual(joined);
  const text = all.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  expect(text).toBe("Timeouts are limits. [1]");
  expect(service.asked).toHaveLength(1);
});

test("a run that cannot be reached again is told after the last attempt, and cancelled where it can be", async () => {
  let resumed = 0;
  const cancelled: string[] = [];
  const events = readRun(
    {
      open: async () => toStream([runStart]),
      resume: async () => {
        resumed += 1;
        throw new TypeError("fetch failed");
      },
      cancel: async (runId) => void cancelled.push(runId),
    },
    { attemptsMax: 3, backoffMs: 1 },
  );
  await expect(collect(events)).rejects.toBeInstanceOf(BrokenOffError);
  expect(resumed).toBe(3);
  expect(cancelled).toEqual(["run-1"]);
});

test("a run that was begun before is read from its first event, also where it cannot be reached at once", async () => {
  const after: string[] = [];
  const events = readRun(
    {
      open: async () => expect.unreachable(),
      async resume(runId, lastEventId) {
        after.push(`${runId} ${lastEventId}`);
        if (after.length === 1) throw new TypeError("fetch failed");
        return toStream(goodRun);
      },
      cancel: async () => expect.unreachable(),
    },
    { backoffMs: 1 },
    "run-1",
  );
  expect(await collect(events)).toEqual(goodRun);
  expect(after).toEqual(["run-1 0", "run-1 0"]);
});

test("a question that is refused is refused, also where its run has a name and a record", async () => {
  const refusal = { status: 503, headers: { "X-Run-Id": "run-1" } };
  const events = readRun(
    {
      open: async () => Response.json({ code: "store_unavailable" }, refusal),
      resume: async () => toStream([runStart]),
      cancel,
    },
    { attemptsMax: 1, backoffMs: 1 },
  );
  await expect(collect(events)).rejects.toMatchObject({
    status: 503,
    problem: { code: "store_unavailable" },
  });
});

test("what will not pass is not tried again", async () => {
  const expired = Response.json({ code: "run_expired" }, { status: 410 });
  const events = readRun({
    open: async () => toStream([runStart]),
    resume: async () => expired,
    cancel,
  });
  const thrown: unknown = await collect(events).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(RefusedError);
  expect(thrown).toMatchObject({ status: 410, problem: { code: "run_expired" } });
});

test("a stream that drops before the run has a name is not asked again: that would be a second run", async () => {
  let opened = 0;
  const open = async (): Promise<Response> => {
    opened += 1;
    return new Response("", { headers: { "Content-Type": "text/event-stream" } });
  };
  const events = readRun({ open, resume: open, cancel }, { backoffMs: 1 });
  await expect(collect(events)).rejects.toBeInstanceOf(BrokenOffError);
  expect(opened).toBe(1);
});

test("aborting ends a wait between attempts with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const open = async (): Promise<Response> => toStream([runStart]);
  const events = readRun(
    { open, resume: open, cancel },
    { signal: controller.signal, backoffMs: 10_000 },
  );
  const startedMs = performance.now();
  const all = collect(events);
  setTimeout(() => controller.abort(reason), 50);
  await expect(all).rejects.toBe(reason);
  // The shortest wait is half of the backoff.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test("leaving the iteration cancels the run", async () => {
  const forever = new Promise<void>(() => {});
  let ended: (() => void) | undefined;
  const cancelled = new Promise<void>((resolve) => (ended = resolve));
  const service = makeService({
    async *answer(_ask, signal) {
      yield runStart;
      yield retrievalEnd;
      yield { type: "text-delta", text: "Timeouts" };
      await Promise.race([
        forever,
        new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true })),
      ]);
      ended?.();
      yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
    },
  });
  await using served = await serveTest(service);
  for await (const event of streamAsk(createClient(served.url), question)) {
    if (event.type === "text-delta") break;
  }
  await expect(cancelled).resolves.toBeUndefined();
});

test("the package exports the client", async () => {
  const name = "tributary/client";
  const exported = (await import(name)) as object;
  expect(Object.keys(exported)).toContain("createClient");
});

function toStream(events: readonly RunEvent[]): Response {
  const text = events.map((event, at) => `id: ${at + 1}\ndata: ${JSON.stringify(event)}\n\n`);
  return new Response(text.join(""), { headers: { "Content-Type": "text/event-stream" } });
}

/** Passes requests on, and of each event stream only so many messages as it was asked times. */
function createDropper(url: string): Server {
  let times = 0;
  return createServer((request, response) => {
    void (async () => {
      const body: Buffer[] = [];
      for await (const part of request) body.push(part as Buffer);
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const upstream = await fetch(`${url}${request.url}`, {
        method: request.method ?? "GET",
        headers: headers as Record<string, string>,
        ...(body.length === 0 ? {} : { body: Buffer.concat(body) }),
      });
      const messages = (await upstream.text()).split("\n\n").slice(0, -1);
      response.writeHead(upstream.status, {
        "Content-Type": upstream.headers.get("Content-Type") ?? "",
        "X-Run-Id": upstream.headers.get("X-Run-Id") ?? "",
      });
      response.flushHeaders();
      const some = messages.slice(0, Math.min(times, 2)).map((message) => `${message}\n\n`);
      times += 1;
      response.write(some.join(""), () => response.destroy());
    })();
  });
}

async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
