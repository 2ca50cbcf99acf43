/** A client that sends its next request while the event loop is late, and the connection's idle time runs out meanwhile. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createServer } from "../../../src/node/server/create-server.ts";

/** Beyond the idle time and the second that Node adds to it. */
const LATE_MS = 1_500;
/** Cells of memory that both threads see: the client is to send again, and has. */
const AGAIN = 0;
const SENT = 1;
const CLIENT = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { port, cells } = workerData;
  const socket = require("node:net").connect(port, "127.0.0.1");
  const send = (done) => socket.write("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n", done);
  socket.on("data", (data) => parentPort.postMessage(String(data).slice(0, 15)));
  socket.on("error", ({ code }) => parentPort.postMessage(code));
  const again = () => send(() => set(${SENT}));
  const set = (cell) => {
    Atomics.store(cells, cell, 1);
    Atomics.notify(cells, cell);
  };
  Atomics.waitAsync(cells, ${AGAIN}, 0).value.then(again);
  send();
`;

test("is answered, though its connection was idle for too long by the clock", async () => {
  const config = parseConfig({ KEEP_ALIVE_TIMEOUT_MS: "100" });
  const server = createServer(() => new Response("there"), config);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const client = new Worker(CLIENT, { eval: true, workerData: { port, cells } });
  expect(await once(client, "message")).toEqual(["HTTP/1.1 200 OK"]);
  const next = once(client, "message");
  Atomics.store(cells, AGAIN, 1);
  Atomics.notify(cells, AGAIN);
  Atomics.wait(cells, SENT, 0);
  Atomics.wait(cells, SENT, 1, LATE_MS);
  expect(await next).toEqual(["HTTP/1.1 200 OK"]);
  await client.terminate();
  server.close();
});
