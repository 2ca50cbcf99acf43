import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createHttpFetch } from "../../src/node/http-fetch.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const send = createHttpFetch();
let answer: Answer;
const closed: Promise<unknown>[] = [];
const server = createServer((request, response) => {
  request.resume();
  request.socket.setMaxListeners(0);
  closed.push(once(request.socket, "close"));
  answer(response, request);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  closed.length = 0;
});

const TEXT = "the harbour opens at nine ".repeat(2_000);

test("it sends what it is given, and no more", async () => {
  let sent = "";
  let headers: IncomingMessage["headers"] = {};
  answer = (response, request) => {
    ({ headers } = request);
    request.setEncoding("utf8").on("data", (piece: string) => (sent += piece));
    request.on("end", () => response.end("ok"));
  };
  const given = { "content-type": "application/json", authorization: "Bearer k" };
  const response = await send(`${url}/v1/x?a=b`, { method: "POST", headers: given, body: "für" });
  expect(await response.text()).toBe("ok");
  expect(sent).toBe("für");
  expect(headers["accept-encoding"]).toBe("gzip, br");
  expect(Object.keys(headers).toSorted()).toEqual([
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
  ]);
});

describe("a body comes as it was written", () => {
  const cases: readonly (readonly [
    string,
    string | undefined,
    (text: string) => string | Buffer,
  ])[] = [
    ["plain", undefined, (text) => text],
    ["gzip", "gzip", gzipSync],
    ["Brotli", "br", brotliCompressSync],
  ];
  test.each(cases)("%s, of an error too", async (_, encoding, encode) => {
    for (const status of [200, 429]) {
      answer = (response) => {
        response.writeHead(status, encoding === undefined ? {} : { "content-encoding": encoding });
        response.end(encode(TEXT));
      };
      const response = await send(url);
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(TEXT);
    }
  });

  test("bytes that are not what their encoding says are a failure", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end("this is no gzip");
    };
    await expect(send(url).then((response) => response.text())).rejects.toMatchObject({
      code: "Z_DATA_ERROR",
    });
  });

  test("headers that come twice, and a response without a body", async () => {
    answer = (response) => {
      response
        .writeHead(204, [
          ["x-one", "a"],
          ["x-one", "b"],
        ])
        .end();
    };
    const response = await send(url);
    expect(response.headers.get("x-one")).toBe("a, b");
    expect(response.body).toBeNull();
  });

  test("a redirect is an answer like another", async () => {
    answer = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    expect((await send(url)).status).toBe(307);
  });

  test("what is sent before the answer itself is passed over", async () => {
    answer = (response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.end("ok");
    };
    const response = await send(url);
    expect([response.status, await response.text()]).toEqual([200, "ok"]);
  });
});

/** What the system will do next for the connections to this port: kind of timer, and ticks of 10 ms until then. */
function readTimers(port: number): readonly (readonly [kind: number, ticks: number])[] {
  const remote = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to = "", state]) => to.endsWith(`:${remote}`) && state === "01")
    .map(([, , , , , timer = ""]) => timer.split(":").map((part) => Number.parseInt(part, 16)))
    .map(([kind = 0, ticks = 0]) => [kind, ticks] as const);
}
const KEEPALIVE_TIMER = 2;

test.skipIf(!existsSync("/proc/net/tcp"))(
  "a connection that lies idle is looked after: its other end may be gone without a word",
  async () => {
    answer = (response) => response.setHeader("keep-alive", "timeout=120").end("ok");
    await (await send(`${url}/`)).text();
    const { port } = server.address() as AddressInfo;
    const timers = readTimers(port);
    expect(timers.map(([kind]) => kind)).toContain(KEEPALIVE_TIMER);
    for (const [, ticks] of timers) expect(ticks).toBeLessThanOrEqual(500);
  },
);

describe("it goes through the proxy of the environment where Node is told to use it", () => {
  const program = `
    const { createHttpFetch } = await import(process.argv[1]);
    console.log(await (await createHttpFetch()(process.argv[2])).text());`;
  const from = new URL("../../src/node/http-fetch.ts", import.meta.url).href;
  const asks = async (variables: Readonly<Record<string, string>>): Promise<string> => {
    const proxy = createServer((request, response) => response.end(`for ${request.url}`));
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    const { NODE_OPTIONS: _, ...rest } = process.env;
    const env = { ...rest, http_proxy: `http://127.0.0.1:${port}`, no_proxy: "", ...variables };
    const args = ["--input-type=module", "-e", program, from, `${url}/v1/x`];
    try {
      return (await promisify(execFile)(process.execPath, args, { env })).stdout.trim();
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  };
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, boolean])[] = [
    ["by no one", {}, false],
    ["by the variable", { NODE_USE_ENV_PROXY: "1" }, true],
    ["by its options", { NODE_OPTIONS: "--use-env-proxy" }, true],
    [
      "by its options not to",
      { NODE_USE_ENV_PROXY: "1", NODE_OPTIONS: "--no-use-env-proxy" },
      false,
    ],
  ];
  test.each(cases)("%s", async (_, variables, goesThrough) => {
    answer = (response, request) => response.end(`from ${request.url}`);
    expect(await asks(variables)).toBe(goesThrough ? `for ${url}/v1/x` : "from /v1/x");
  });
});

describe("whoever leaves", () => {
  test("with a signal that has aborted is told its reason, and nothing is sent", async () => {
    answer = () => expect.unreachable();
    const reason = new Error("mine");
    await expect(send(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(closed).toHaveLength(0);
  });

  test("before the answer closes the connection", async () => {
    answer = () => controller.abort(reason);
    const controller = new AbortController();
    const reason = new Error("mine");
    await expect(send(url, { signal: controller.signal })).rejects.toBe(reason);
    await closed[0];
  });

  test("before there is a connection does not wait for one, and nothing is sent over it", async () => {
    const received: Buffer[] = [];
    const silent = createSocketServer((socket) =>
      socket.on("data", (bytes) => received.push(bytes)),
    );
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const controller = new AbortController();
    const sending = send(`http://127.0.0.1:${port}`, { signal: controller.signal });
    controller.abort(new Error("mine"));
    await expect(sending).rejects.toThrow("mine");
    const [socket] = (await once(silent, "connection")) as [Socket];
    socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    expect(received).toHaveLength(0);
  });

  test("within the body, by the signal or by cancelling it, closes the connection", async () => {
    answer = (response) => void response.writeHead(200).write("first");
    const controller = new AbortController();
    const aborted = await send(url, { signal: controller.signal });
    const reader = aborted.body?.getReader();
    await reader?.read();
    controller.abort(new Error("mine"));
    await expect(reader?.read()).rejects.toThrow("mine");
    await closed[0];
    const left = await send(url);
    await left.body?.cancel();
    await closed[1];
  });
});

describe("a connection", () => {
  test("whose body is left just before its end serves a later request", async () => {
    let end = (): unknown => expect.unreachable();
    let used: Socket | undefined;
    answer = (response, { socket }) => {
      used = socket;
      end = () => response.end();
      response.writeHead(200).write("all that counts");
    };
    const reader = (await send(url)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    end();
    const first = used;
    answer = (response, { socket }) => {
      used = socket;
      response.setHeader("connection", "close").end();
    };
    const isUsedAgain = async (): Promise<boolean> => {
      await (await send(url)).text();
      return used === first;
    };
    await expect.poll(isUsedAgain).toBe(true);
  });

  test("whose body is all there, and is left, is not waited for", async () => {
    answer = (response) => response.end("all of it");
    const countTimers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const leave = async (): Promise<number> => {
      const { body } = await send(url);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const before = countTimers();
      const leaving = body?.cancel();
      const added = countTimers() - before;
      await leaving;
      return added;
    };
    await expect.poll(leave).toBe(0);
  });

  test("whose server answers and takes no more of the request is closed", async () => {
    let taken = 0;
    const sockets: Socket[] = [];
    const deaf = createSocketServer((socket) => {
      sockets.push(socket.on("error", () => undefined));
      socket.on("data", (bytes) => (taken += bytes.length));
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 No\r\ncontent-length: 3\r\n\r\nbig");
      });
    });
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { port } = deaf.address() as AddressInfo;
    const body = "x".repeat(32 * 2 ** 20);
    const response = await send(`http://127.0.0.1:${port}`, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([413, "big"]);
    const [socket = expect.unreachable()] = sockets;
    socket.resume();
    await once(socket, "close");
    deaf.close();
    expect(taken).toBeLessThan(body.length);
  });

  const nonsense: readonly (readonly [name: string, answer: string])[] = [
    ["a status beyond all", "HTTP/1.1 999 Yes\r\ncontent-length: 2\r\n\r\nok"],
    ["a status below all", "HTTP/1.1 099 Yes\r\ncontent-length: 2\r\n\r\nok"],
    ["another protocol", "HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nok"],
    ["no HTTP", "220 mail.example ESMTP\r\n"],
    ["nothing", ""],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"],
    ["headers without end", `HTTP/1.1 200 OK\r\n${`x-y: ${"z".repeat(999)}\r\n`.repeat(99)}`],
  ];
  test.each(nonsense)("that answers with %s fails, and is closed", async (_, answered) => {
    const lying = createSocketServer((socket) => socket.end(answered));
    const sockets: Socket[] = [];
    lying.on("connection", (socket) => sockets.push(socket.on("error", () => undefined).resume()));
    await new Promise<void>((resolve) => lying.listen(0, "127.0.0.1", resolve));
    const { port } = lying.address() as AddressInfo;
    await expect(send(`http://127.0.0.1:${port}`)).rejects.toThrow(Error);
    await expect.poll(() => sockets.every((socket) => socket.closed)).toBe(true);
    lying.close();
  });

  test("that nobody takes says so by its code", async () => {
    await expect(send("http://127.0.0.1:9/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("that breaks within the body fails it", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("first", () => response.destroy());
    };
    const response = await send(url);
    await expect(response.text()).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("is not read from while what came is not taken", async () => {
    let written = 0;
    const piece = Buffer.alloc(64 * 1_024);
    answer = (response) => {
      response.writeHead(200);
      const write = (): void => {
        if (response.destroyed || written >= 64 * 2 ** 20) return;
        written += piece.length;
        response.write(piece, write);
      };
      write();
    };
    const response = await send(url);
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = written === before;
          before = written;
          return stands;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(written).toBeLessThan(48 * 2 ** 20);
    const reader = response.body?.getReader();
    const all = written + piece.length;
    for (let taken = 0; taken < all;) taken += (await reader?.read())?.value?.length ?? 0;
    expect(written).toBeGreaterThanOrEqual(all);
    await reader?.cancel();
  });
});
