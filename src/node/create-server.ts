/** The Node HTTP server around the application, hardened against slow and oversized requests. */
import { createServer as createPlainServer, type Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";

const SERVER_OPTIONS = {
  headersTimeout: 5_000,
  /** For the whole request to arrive; says nothing about the response. */
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
};
const REQUESTS_PER_SOCKET_MAX = 1_000;

type Fetch = (request: Request, env?: unknown) => Response | Promise<Response>;

/** Creates a server that does not listen yet. */
export function createServer(fetch: Fetch, config: Config): Server {
  const server = createAdaptorServer({ fetch, serverOptions: SERVER_OPTIONS }) as Server;
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET_MAX;
  // The last resort against a client that never takes the end of its response.
  server.timeout = config.deadlineMsMax + config.writeStallTimeoutMs;
  return server;
}

/** Listens; the port that was really taken. Throws AppError that says what to change. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (thrown: NodeJS.ErrnoException): void => {
      reject(
        new AppError("invalid_request", { detail: explain(thrown, host, port), cause: thrown }),
      );
    };
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function explain({ code = "unknown reason" }: NodeJS.ErrnoException, host: string, port: number) {
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
