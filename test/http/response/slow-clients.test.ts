import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { createRunGate, type RunGate } from "../../../src/http/admission/run-gate.ts";
import { askWith, makeService, serveTest } from "../../support/app.ts";

const HEADERS = "POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/** Sends the text, and then one character after the other for as long as it is let; without a text it says nothing. */
function trickle(port: number, text: string): { socket: Socket; closed: Promise<void> } {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined).on("data", () => undefined);
  socket.write(text);
  const timer = setInterval(() => text !== "" && socket.write("a"), 50);
  // Not `once`: it fails with a reset, which is one way of being closed.
  const closed = new Promise<void>((resolve) => {
    socket.on("close", () => {
      clearInterval(timer);
      resolve();
    });
  });
  return { socket, closed };
}

const question = { question: "What are timeouts?" };

describe("a client that takes its time", () => {
  const env = { HEADERS_TIMEOUT_MS: "300", REQUEST_TIMEOUT_MS: "600" };
  const cases = [
    ["with its headers", `${HEADERS}X-Slow: `],
    ["with its body", `${HEADERS}Content-Length: 5000\r\n\r\n{"question": "`],
    ["to say anything", ""],
  ] as const;
  test.each(cases)("%s is closed, and others are answered meanwhile", async (_name, said) => {
    const service = makeService({ env });
    await using server = await serveTest(service);
    const ask = async (): Promise<void> => {
      const response = await fetch(`${server.url}/v1/ask`, askWith(question));
      expect(response.status).toBe(200);
      await response.text();
    };
    // The connection of those who ask is there before: on a busy machine its first bytes are late for such limits, too.
    const { headersTimeout, requestTimeout } = server.server;
    Object.assign(server.server, { headersTimeout: 60_000, requestTimeout: 60_000 });
    await ask();
    Object.assign(server.server, { headersTimeout, requestTimeout });
    const slow = Array.from({ length: 40 }, () => trickle(server.port, said));
    const everyone = Promise.all(slow.map(({ closed }) => closed));
    const state = { isClosed: false };
    void everyone.then(() => (state.isClosed = true));
    while (!state.isClosed) {
      await ask();
      await delay(20);
    }
    // None of them ever held a place.
    expect(service.gate.running).toBe(0);
  });
});

test("connections beyond the limit are closed, and there is room again when others leave", async () => {
  await using server = await serveTest(makeService({ env: { CONNECTIONS_MAX: "3" } }));
  const open = Array.from({ length: 3 }, () => connect({ port: server.port, host: "127.0.0.1" }));
  await Promise.all(open.map((socket) => once(socket, "connect")));
  await delay(20);
  const refused = connect({ port: server.port, host: "127.0.0.1" });
  refused.on("error", () => undefined);
  await new Promise((resolve) => refused.on("close", resolve));
  for (const socket of open) socket.destroy();
  const hasRoom = async (): Promise<boolean> =>
    (await fetch(`${server.url}/livez`).catch(() => undefined))?.status === 200;
  await expect.poll(hasRoom, { interval: 10 }).toBe(true);
});

test("headers beyond the limit are refused", async () => {
  await using server = await serveTest(makeService());
  const response = await fetch(`${server.url}/livez`, {
    headers: { "X-Long": "a".repeat(20_000) },
  });
  expect(response.status).toBe(431);
});

test("a request of more header lines than are read is refused, and not read in part", async () => {
  await using server = await serveTest(makeService());
  const send = async (lines: number): Promise<string> => {
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    const more = Array.from({ length: lines - 1 }, (_, line) => `X-${line}: a\r\n`).join("");
    socket.write(`GET /livez HTTP/1.0\r\nHost: localhost\r\n${more}\r\n`);
    return (await text(socket)).slice(9, 12);
  };
  expect([await send(100), await send(101)]).toEqual(["200", "431"]);
});

test("a refusal for overload is quick, says when to come back, and leaves health alone", async () => {
  const service = makeService({ gate: createFullGate() });
  await using server = await serveTest(service);
  const response = await fetch(`${server.url}/v1/ask`, askWith({ question: "Why?" }));
  expect(response.status).toBe(503);
  const problem = (await response.json()) as { code: string; retryAfterMs: number };
  expect(problem.code).toBe("overloaded");
  expect(response.headers.get("Retry-After")).toBe(`${Math.ceil(problem.retryAfterMs / 1000)}`);
  for (const path of ["/livez", "/readyz"]) {
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  }
});

/** One run is running, and no other may wait. */
function createFullGate(): RunGate {
  const limits = { runsMax: 1, queueMax: 0, queueTimeoutMs: 1, callerRunsMax: 9 };
  const gate = createRunGate({ clock: systemClock, ...limits });
  void gate.enter({ callerId: "x", signal: new AbortController().signal, deadlineMs: 1_000 });
  return gate;
}
