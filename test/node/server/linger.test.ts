import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createServer } from "../../../src/node/server/create-server.ts";

const MEBIBYTE = new Uint8Array(1024 * 1024);

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A service that refuses whatever it is sent, having read `partsRead` parts of it. */
async function listen(partsRead: number): Promise<number> {
  const refuse = async ({ body }: Request): Promise<Response> => {
    const reader = body?.getReader();
    for (let parts = 0; parts < partsRead; parts += 1) await reader?.read();
    await reader?.cancel();
    return new Response("too large", { status: 413 });
  };
  const server = createServer(refuse, parseConfig({}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends a body of so many MiB and reads nothing before it is sent, as proxies and many libraries do; what came back. */
async function send(port: number, mebibytes: number, headers: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1").pause();
  const failed = once(socket, "error").then(([error]) => Promise.reject(error as Error));
  const write = (bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => socket.write(bytes, () => resolve()));
  const sent = async (): Promise<string> => {
    const length = mebibytes * MEBIBYTE.length;
    const head = ["PUT /x HTTP/1.1", "Host: x", `Content-Length: ${length}`, ...headers, "", ""];
    await write(head.join("\r\n"));
    for (let part = 0; part < mebibytes; part += 1) await write(MEBIBYTE);
    let text = "";
    socket
      .setEncoding("utf8")
      .on("data", (piece: string) => (text += piece))
      .resume();
    while (!text.endsWith("too large")) await once(socket, "data");
    return text;
  };
  try {
    return await Promise.race([sent(), failed]);
  } finally {
    failed.catch(() => undefined);
    socket.destroy();
  }
}

describe("a refusal arrives although the body is still on its way", () => {
  const cases: readonly (readonly [string, number, readonly string[]])[] = [
    ["of a connection for one request", 16, ["Connection: close"]],
    ["of a connection that is kept, however large the body is", 80, []],
  ];
  test.each(cases)("%s", async (_, mebibytes, headers) => {
    for (const partsRead of [0, 1]) {
      const text = await send(await listen(partsRead), mebibytes, headers);
      expect(text).toMatch(/^HTTP\/1\.1 413 /u);
    }
  });
});
