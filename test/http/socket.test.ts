import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import type { Runner } from "../../src/http/service.ts";
import {
  askWith,
  goodRun,
  makeEnd,
  makeService,
  parseMessages,
  passage,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestService,
  wantsEvents,
} from "../support/app.ts";

const question = { question: "What are timeouts?" };

/** A run that goes on until its signal aborts, and then says so with its last event. */
function endless(aborted: PromiseWithResolvers<unknown>, before: readonly RunEvent[]): Runner {
  return async function* (_ask, signal) {
    yield* before;
    const reason = await new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
      if (signal.aborted) resolve(signal.reason);
    });
    aborted.resolve(reason);
    const { code, detail } = reason as { code: "cancelled" | "draining"; detail: string };
    const outcome = code === "cancelled" ? "cancelled" : "failed";
    yield makeEnd({ outcome, error: { code, detail, retryable: code === "draining" } });
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1000) throw new Error("it never came true");
    await delay(10);
  }
}

test("a whole run comes over a socket as events", async () => {
  await using server = await serveTest(makeService());
  const response = await fetch(`${server.url}/v1/ask`, askWith(question, wantsEvents));
  const messages = parseMessages(await response.text());
  const types = messages.map(({ event }) => event);
  // The first delta goes at once; whether the second travels with it is a matter of the moment.
  expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
    "run-start",
    "retrieval-end",
    "text-delta",
    "citation",
    "sentence-check",
    "run-end",
  ]);
});

describe("a client that leaves ends the run", () => {
  const moments: readonly (readonly [string, readonly RunEvent[], Record<string, string>])[] = [
    ["before the response", [runStart], wantsEvents],
    ["mid-stream", [runStart, retrievalEnd], wantsEvents],
    ["while it waits for JSON", [runStart, retrievalEnd], {}],
  ];
  test.each(moments)("%s", async (_name, before, headers) => {
    const aborted = Promise.withResolvers<unknown>();
    const service = makeService({ answer: endless(aborted, before) });
    await using server = await serveTest(service);
    const client = new AbortController();
    const init = { ...askWith(question, headers), signal: client.signal };
    const asking = fetch(`${server.url}/v1/ask`, init).then((response) => response.text());
    await until(() => service.gate.running === 1);
    await delay(20);
    client.abort();
    await expect(asking).rejects.toThrow("abort");
    expect(await aborted.promise).toMatchObject({ code: "cancelled" });
    await until(() => service.gate.running === 0);
  });
});

/** A client that sends its question and then reads nothing. */
async function connectStalled(port: number): Promise<Socket> {
  const body = JSON.stringify(question);
  const socket = connect({ port, host: "127.0.0.1" });
  socket.pause();
  socket.write(
    `POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

test("a client that stops reading is dropped, its run ended, and what is buffered for it bounded", async () => {
  const aborted = Promise.withResolvers<unknown>();
  let sent = 0;
  const flood: Runner = async function* (_ask, signal) {
    signal.addEventListener("abort", () => aborted.resolve(signal.reason), { once: true });
    yield runStart;
    const big = { ...passage, text: "x".repeat(100_000) };
    while (!signal.aborted) {
      yield { type: "retrieval-end", passages: [big] };
      sent += 1;
    }
    yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
  };
  const service = makeService({ answer: flood, env: { WRITE_STALL_TIMEOUT_MS: "200" } });
  await using server = await serveTest(service);
  const socket = await connectStalled(server.port);
  expect(await aborted.promise).toMatchObject({
    code: "cancelled",
    detail: expect.stringContaining("took nothing"),
  });
  await until(() => service.gate.running === 0);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined);
  let received = "";
  socket.on("data", (data: Buffer) => (received += data.toString("latin1")));
  socket.resume();
  await closed;
  expect(received).not.toContain("run-end");
  expect(received.endsWith("0\r\n\r\n")).toBe(false);
  // The kernel's buffers hold a few MB; beyond that the run was made to wait.
  expect(sent).toBeLessThan(400);
});

test("a client that reads slowly but steadily gets the whole run", async () => {
  const many = Array.from({ length: 200 }, (): RunEvent => ({
    type: "text-delta",
    text: "word ".repeat(2000),
  }));
  const citation = goodRun[4]!;
  const answer = play([
    runStart,
    retrievalEnd,
    ...many.flatMap((delta) => [delta, citation]),
    makeEnd(),
  ]);
  const service = makeService({ answer, env: { WRITE_STALL_TIMEOUT_MS: "1000" } });
  await using server = await serveTest(service);
  const socket = await connectStalled(server.port);
  let received = "";
  socket.on("data", (data: Buffer) => {
    received += data.toString("latin1");
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
  socket.resume();
  await until(() => received.endsWith("0\r\n\r\n"));
  expect(received).toContain("event: run-end");
  socket.destroy();
});

test("a silent run is kept alive with pings, which are no events", async () => {
  const gap = Promise.withResolvers<void>();
  const answer = play([runStart, retrievalEnd, gap.promise, makeEnd()]);
  const service = makeService({ answer, env: { PING_INTERVAL_MS: "10" } });
  await using server = await serveTest(service);
  const response = await fetch(`${server.url}/v1/ask`, askWith(question, wantsEvents));
  let text = "";
  for await (const bytes of response.body!) {
    text += new TextDecoder().decode(bytes);
    if (text.split(": ping\n\n").length > 3) gap.resolve();
  }
  expect(parseMessages(text).map(({ event }) => event)).toEqual([
    "run-start",
    "retrieval-end",
    "run-end",
  ]);
});

test("when the service ends, every open stream gets its last event", async () => {
  const aborted = Promise.withResolvers<unknown>();
  const service = makeService({ answer: endless(aborted, [runStart, retrievalEnd]) });
  await using server = await serveTest(service);
  const streams = Array.from({ length: 20 }, () =>
    fetch(`${server.url}/v1/ask`, askWith(question, wantsEvents)),
  );
  const responses = await Promise.all(streams);
  await endAll(service);
  for (const response of responses) {
    const last = parseMessages(await response.text()).at(-1)?.data;
    expect(last).toMatchObject({
      type: "run-end",
      outcome: "failed",
      error: { code: "draining", retryable: true },
    });
  }
});

async function endAll(service: TestService): Promise<void> {
  const { AppError } = await import("../../src/errors.ts");
  service.gate.drain();
  service.gate.abortAll(new AppError("draining", { detail: "ending" }));
  await service.gate.idle();
}

test("a body sent in pieces is refused at the limit", async () => {
  await using server = await serveTest(makeService());
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode(" ".repeat(50_000)));
      controller.enqueue(new TextEncoder().encode(" ".repeat(50_000)));
      controller.close();
    },
  });
  const headers = { "Content-Type": "application/json" };
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const response = await fetch(`${server.url}/v1/ask`, init);
  expect(response.status).toBe(413);
  await response.text();
});

test("a health check of HTTP/1.0, which names no host, is answered", async () => {
  await using server = await serveTest(makeService());
  const socket = connect(server.port, "127.0.0.1");
  socket.end("GET /livez HTTP/1.0\r\n\r\n");
  const text = Buffer.concat(await socket.toArray()).toString();
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  expect(text).toContain('{"status":"live"}');
});
