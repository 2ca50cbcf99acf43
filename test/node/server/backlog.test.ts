/** Clients that connect at once while the service has no time to look. */
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startProgram } from "../../support/process.ts";

/** More than Node lets wait. */
const CLIENTS = 600;
const PROGRAM = `
  import { parseConfig } from "./src/config.ts";
  import { createServer, listen } from "./src/node/server/create-server.ts";
  const server = createServer(() => new Response("there"), parseConfig({}));
  const port = await listen(server, "127.0.0.1", 0);
  process.stdout.write("port " + port + "\\n", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000));
`;

test("all of them are connected before it looks", async () => {
  await using program = startProgram("--input-type=module", ["--eval", PROGRAM]);
  await program.printed("\n");
  const port = Number(/port (\d+)/.exec(program.stdout())?.[1]);
  const sockets: Socket[] = [];
  let connected = 0;
  for (let client = 0; client < CLIENTS; client += 1) {
    const socket = connect(port, "127.0.0.1", () => (connected += 1));
    sockets.push(socket.on("error", () => undefined));
  }
  await expect.poll(() => connected, { timeout: 40_000 }).toBe(CLIENTS);
  for (const socket of sockets) socket.destroy();
});
