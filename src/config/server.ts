/** The settings of the server: where it listens, what it takes of a connection, how it writes streams and how it ends. */
import * as z from "zod";
import { Bytes, Count, CountOrNone, Host, Milliseconds, PlainNumber, isOrigin } from "./kinds.ts";

export const SERVER_SETTINGS = {
  host: Host.default("127.0.0.1").describe("Address to listen on."),
  port: PlainNumber.int().min(0).max(65_535).default(8787).describe("Port to listen on."),
  corsOrigins: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isOrigin), {
      error: "must be origins as browsers send them, such as https://app.example.com",
    })
    .describe("Origins, with commas between, whose pages may call the service from a browser."),

  connectionsMax: Count.default(16_384).describe("Open connections; one more is closed at once."),
  headersTimeoutMs: Milliseconds.default(5_000).describe(
    "Time a client has to send the headers of a request.",
  ),
  requestTimeoutMs: Milliseconds.default(10_000).describe(
    "Time a client has to send a whole request.",
  ),
  keepAliveTimeoutMs: Milliseconds.default(5_000).describe(
    "How long a connection without a request stays open. Behind a proxy longer than it keeps its own idle ones (65000 for one that keeps them a minute), or it sends a request into one that is just being closed.",
  ),
  headerBytesMax: Bytes.default(16 * 1024).describe("Size of the headers of a request."),
  socketRequestsMax: Count.default(1_000).describe("Requests on one connection."),
  bodyBytesMax: Bytes.default(64 * 1024).describe("Size of a request body."),
  chatBodyBytesMax: Bytes.default(2 * 2 ** 20).describe(
    "The same at /v1/chat and /v1/chat/completions, whose clients send every answer back with its passages.",
  ),

  holdBackMs: Milliseconds.default(10_000).describe(
    "Longest a streamed response is held back for a true HTTP status before it opens.",
  ),
  pingIntervalMs: Milliseconds.default(15_000).describe("Heartbeat of an event stream."),
  writeStallTimeoutMs: Milliseconds.default(10_000).describe(
    "A client that takes nothing for this long is dropped.",
  ),
  flushIntervalMs: Milliseconds.default(40).describe(
    "Shortest time between two writes to a stream, and between two looks at what the model has sent, once its text has begun.",
  ),
  flushBytesMax: CountOrNone.default(256).describe(
    "Bytes that are written at once, however soon after the last ones.",
  ),
  streamBytesMax: Bytes.default(64 * 1024).describe(
    "Bytes of events a run may be ahead of the client that reads fastest.",
  ),

  healthTimeoutMs: Milliseconds.default(2_000).describe(
    "Budget of looking at one collection for /readyz and /v1/collections.",
  ),
  drainGraceMs: Milliseconds.default(20_000).describe(
    "Time running answers and uploads have to end by themselves after SIGTERM.",
  ),
};
