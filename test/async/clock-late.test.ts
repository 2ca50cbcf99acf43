/** The clock of the system when the process has had no time. */
import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";

/** Answers from a thread of its own, and says so in shared memory once the answer is with the system. */
const SERVER = `
const { createServer } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const tell = () => {
  Atomics.store(workerData, 0, 1);
  Atomics.notify(workerData, 0);
};
const server = createServer((socket) => socket.once("data", () => socket.end("here", tell)));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

/** For an answer that never comes. */
const LATE_MS = 60_000;

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test("an answer that came while the process was busy is read before its time counts as over", async () => {
  const isThere = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(SERVER, { eval: true, workerData: isThere });
  try {
    const [port] = (await once(worker, "message")) as [number];
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const order: string[] = [];
    const answered = once(socket, "data").then(() => order.push("answer"));
    const isOver = new Promise<void>((resolve) => {
      systemClock.timer(60, () => {
        order.push("time over");
        resolve();
      });
    });
    socket.write("?"); // is sent at once
    Atomics.wait(isThere, 0, 0, LATE_MS);
    block(100);
    await Promise.all([answered, isOver]);
    expect(order).toEqual(["answer", "time over"]);
  } finally {
    await worker.terminate();
  }
});

test("a late timer can still be cancelled by what was read first", async () => {
  let fired = false;
  const cancel = systemClock.timer(1, () => (fired = true));
  setTimeout(() => setTimeout(cancel, 0), 1);
  const handle = setTimeout(cancel, 2);
  block(40);
  await new Promise((resolve) => setTimeout(resolve, 30));
  clearTimeout(handle);
  expect(fired).toBe(false);
});

test("a timer in time fires once, and one that was cancelled never", async () => {
  let fired = 0;
  systemClock.timer(5, () => (fired += 1));
  systemClock.timer(5, () => (fired += 10))();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(fired).toBe(1);
});
