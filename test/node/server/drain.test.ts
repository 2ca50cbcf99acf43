/** How a server that is told to end waits for what is under way. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test, vi } from "vitest";
import { createRunGate, type RunGate } from "../../../src/http/admission/run-gate.ts";
import { NEVER } from "../../../src/async/never.ts";
import { drain } from "../../../src/node/server/drain.ts";
import { listen } from "../../../src/node/server/create-server.ts";
import { silentLog } from "../../../src/telemetry/log.ts";
import { createFakeClock, settle } from "../../support/fake-clock.ts";

async function start(graceMs: number, gate: RunGate = createRunGate()) {
  const clock = createFakeClock();
  const server = createServer();
  await listen(server, "127.0.0.1", 0);
  const written = Promise.withResolvers<void>();
  const documents = { idle: () => written.promise };
  const ended = drain({ gate, documents, server, clock, log: silentLog, graceMs });
  await settle();
  return { clock, server, written, ended };
}

test("a document that is being written is waited for, as a run is", async () => {
  const { clock, server, written, ended } = await start(20_000);
  await clock.advance(19_999);
  expect(server.listening).toBe(true);
  written.resolve();
  await ended;
  expect(server.listening).toBe(false);
});

test("and no longer than a run is", async () => {
  const { clock, server, ended } = await start(1_000);
  await clock.advance(1_000);
  await ended;
  expect(server.listening).toBe(false);
});

test("a run that does not end and a client that does not leave are waited for together, not in turn", async () => {
  const gate = createRunGate();
  await gate.enter({ callerId: "a", signal: NEVER, deadlineMs: 60_000 });
  const { clock, server, ended } = await start(20_000, gate);
  const staying = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(staying, "connect");
  staying.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(server, "request");
  const over = vi.fn<() => void>();
  void ended.then(over);
  await clock.advance(22_000);
  expect(over).toHaveBeenCalled();
  staying.destroy();
});
