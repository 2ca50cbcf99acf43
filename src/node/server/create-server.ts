/** The Node HTTP server around the application, hardened against slow and oversized requests. */
import { once } from "node:events";
import { createServer as createPlainServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Config } from "../../config.ts";
import { AppError } from "../../errors.ts";
import { toReason } from "../files/is-code.ts";
import { lingerOnClose } from "./linger.ts";

/** How often it is looked for clients that send too slowly; they are closed at most this much later. */
const CHECK_INTERVAL_MS = 1_000;
/** Connections that wait to be accepted; the system may allow fewer. Beyond Node's 511 a client would wait a second and more. */
const BACKLOG = 4_096;
/** Header lines of one request; one that has more is answered with 431, as one whose headers are too long. */
const HEADERS_MAX = 100;

/** What a request calls this machine that names no host, as the health checks of HTTP/1.0 do. Browsers name one. */
const NAMELESS = "localhost";

/** The application, as the adaptor calls it: `env` is what it has of Node's request and response. */
export type Fetch = (request: Request, env?: unknown) => Response | Promise<Response>;

/** Creates a server that does not listen yet. */
export function createServer(fetch: Fetch, config: Config): Server {
  const serverOptions = {
    headersTimeout: config.headersTimeoutMs,
    /** For the whole request to arrive; says nothing about the response. */
    requestTimeout: config.requestTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    maxHeaderSize: config.headerBytesMax,
  };
  const server = createAdaptorServer({ fetch, serverOptions, hostname: NAMELESS }) as Server;
  server.prependListener("request", lingerOnClose);
  server.maxConnections = config.connectionsMax;
  server.maxRequestsPerSocket = config.socketRequestsMax;
  server.maxHeadersCount = HEADERS_MAX;
  // The last resort against a client that never takes the end of its response.
  server.timeout = config.deadlineMsMax + config.writeStallTimeoutMs;
  server.on("timeout", closeUnlessSpokenTo);
  return server;
}

/** A late event loop runs its timers before it reads: what arrived in time would be answered with a reset. */
function closeUnlessSpokenTo(socket: Socket): void {
  const { bytesRead } = socket;
  setImmediate(() => {
    if (socket.bytesRead === bytesRead) socket.destroy();
  });
}

/** Listens; the port that was really taken. Throws AppError that says what to change. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen({ port, host, backlog: BACKLOG });
  try {
    await once(server, "listening");
  } catch (thrown) {
    const detail = explain(toReason(thrown), host, port);
    throw new AppError("invalid_request", { detail, cause: thrown });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function explain(code: string, host: string, port: number): string {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is in use; stop the other program or choose another PORT`,
    EACCES: `port ${port} needs more rights than this process has; choose a PORT from 1024`,
    EADDRNOTAVAIL: `this machine has no address ${host}; check HOST`,
    ENOTFOUND: `this machine has no address ${host}; check HOST`,
  };
  return reasons[code] ?? `cannot listen on ${host}, port ${port} (${code}); check HOST and PORT`;
}

/** Throws what `listen` would throw for this address, without staying on it. */
export async function checkAddress(host: string, port: number): Promise<void> {
  const probe = createPlainServer();
  await listen(probe, host, port);
  await new Promise((resolve) => probe.close(resolve));
}
