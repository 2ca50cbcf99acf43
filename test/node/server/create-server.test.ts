/** The limits of connections that operators set are those of Node's server. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createServer } from "../../../src/node/server/create-server.ts";

test("each setting against slow and many clients reaches the server", () => {
  const config = parseConfig({
    CONNECTIONS_MAX: "7",
    SOCKET_REQUESTS_MAX: "8",
    HEADERS_TIMEOUT_MS: "1001",
    REQUEST_TIMEOUT_MS: "1002",
    KEEP_ALIVE_TIMEOUT_MS: "1003",
    DEADLINE_MS_MAX: "70000",
    WRITE_STALL_TIMEOUT_MS: "1004",
  });
  expect(createServer(() => new Response(), config)).toMatchObject({
    maxConnections: 7,
    maxRequestsPerSocket: 8,
    headersTimeout: 1_001,
    requestTimeout: 1_002,
    keepAliveTimeout: 1_003,
    timeout: 71_004,
  });
});
