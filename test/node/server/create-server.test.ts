/** The limits of connections that operators set are those of Node's server. */
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createServer, listen } from "../../../src/node/server/create-server.ts";

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

test.each([
  ["2048", 1_500, 200],
  ["2048", 2_100, 431],
  ["40000", 30_000, 200],
])(
  "with HEADER_BYTES_MAX=%s a header of %i bytes is answered with %i",
  async (max, bytes, status) => {
    const config = parseConfig({ HEADER_BYTES_MAX: max });
    const server = createServer(() => new Response(), config);
    const port = await listen(server, "127.0.0.1", 0);
    const headers = { "X-Long": "x".repeat(bytes), Connection: "close" };
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
    expect(response.status).toBe(status);
    server.closeAllConnections();
    server.close();
  },
);
