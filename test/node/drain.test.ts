/** How a server that is told to end waits for what is under way. */
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { drain } from "../../src/node/drain.ts";
import { listen } from "../../src/node/create-server.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

async function start(graceMs: number) {
  const clock = createFakeClock();
  const server = createServer();
  await listen(server, "127.0.0.1", 0);
  const written = Promise.withResolvers<void>();
  const documents = { idle: () => written.promise };
  const gate = createRunGate();
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
