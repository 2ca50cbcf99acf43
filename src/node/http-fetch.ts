/**
 * `fetch` for model endpoints over Node's own HTTP client. A stream of a hundred tokens costs less than over the
 * global `fetch`, and a request goes out where it is made: `fetch` sends it when all else that has arrived is dealt with,
 * which is late when many questions come at once.
 */
import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type IncomingHttpHeaders,
  globalAgent,
  type IncomingMessage,
  request as requestPlain,
} from "node:http";
import { Agent as SecureAgent, request as requestSecure } from "node:https";
import { pipeline, type Readable } from "node:stream";
import { constants, createBrotliDecompress, createGunzip } from "node:zlib";
import type { UpstreamFetch } from "../models/upstream-fetch.ts";

/** Bytes of a body that wait to be read before its connection is no longer read from. */
const WAITING_BYTES_MAX = 64 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * A connection on which nothing comes is looked after so often, so that whoever waits for a first word hears that the
 * other end is gone, though it went without a word; and so that no router forgets it.
 */
const PROBE_AFTER_MS = 5_000;
/** One that lies idle for longer is closed, or sooner where its server says how long it keeps it: asked too late, it would answer nobody. */
const IDLE_MS_MAX = 4_000;
/** How long the end of a body that nobody wants any more of is waited for: behind a last word it follows at once, and saves the connection. */
const END_WAIT_MS = 250;
/** Statuses whose response has no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * Creates the fetch with connections of its own. It sends the headers it is given and what encodings it
 * reads, follows no redirect, and takes a body that is text or none. Fails with the signal's reason or with
 * what Node found, whose `code` says it (`ECONNREFUSED`).
 */
export function createHttpFetch(): UpstreamFetch {
  // Whether Node was told to use the proxy of its environment, its own agent knows. Its types do not.
  const { options: own } = globalAgent as Agent & { readonly options: AgentOptions };
  const options = {
    keepAlive: true,
    keepAliveMsecs: PROBE_AFTER_MS,
    timeout: IDLE_MS_MAX,
    ...(own.proxyEnv === undefined ? {} : { proxyEnv: own.proxyEnv }),
  };
  const plain = { send: requestPlain, agent: new Agent(options) };
  const secure = { send: requestSecure, agent: new SecureAgent(options) };
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { send, agent } = url.protocol === "https:" ? secure : plain;
    const { signal = null } = init;
    const body = toBody(init.body);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const request = send(url, {
        agent,
        method: init.method ?? "GET",
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          // What some servers call deflate is not what is read as such.
          "accept-encoding": "gzip, br",
        },
        timeout: 0, // how long an answer may take is for the caller to say
      });
      receive(request, signal, resolve, reject);
      request.end(body);
    });
  };
}

function toBody(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return body;
  throw new TypeError("a request to a model endpoint has a body of text");
}

/** Resolves with the response as soon as it begins; what goes wrong behind that fails its body. */
function receive(
  request: ClientRequest,
  signal: AbortSignal | null,
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
): void {
  let fail = reject;
  // Told with its own reason, and not with that of the connection it closes.
  const abort = (): void => {
    fail(signal?.reason);
    request.destroy();
  };
  signal?.addEventListener("abort", abort);
  request.once("close", () => {
    signal?.removeEventListener("abort", abort);
    // Such as behind a change of protocol that nobody asked for; after an answer this does nothing.
    reject(new Error("closed without an answer"));
  });
  request.on("error", (error) => fail(error));
  limitConnecting(request);
  request.once("response", (message) => {
    const { statusCode: status = 0, headers } = message;
    const body = BODILESS.has(status) ? undefined : createBody(message, request);
    if (body === undefined) message.resume();
    // Answered before it was all there, its rest might wait for ever.
    message.once("end", () => {
      if (!request.writableFinished) request.destroy();
    });
    try {
      if (status < 200 || status > 599) throw new RangeError(`a status of ${status}`);
      resolve(new Response(body?.stream ?? null, { status, headers: toHeaders(headers) }));
      fail = body?.fail ?? fail;
    } catch (thrown) {
      // Or a header that is none.
      reject(thrown);
      request.destroy();
    }
  });
}

/** A connection that nobody takes is given up. */
function limitConnecting(request: ClientRequest): void {
  request.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => {
      const error = new Error("no connection in time");
      request.destroy(Object.assign(error, { code: "CONNECT_TIMEOUT" }));
    }, CONNECT_TIMEOUT_MS);
    const stop = (): void => clearTimeout(timer);
    socket.once("encrypted" in socket ? "secureConnect" : "connect", stop).once("close", stop);
  });
}

/** The body as it arrives, decoded. It is not read from faster than it is taken. */
function createBody(message: IncomingMessage, request: ClientRequest) {
  const source = decode(message);
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  const end = (): ReadableStreamDefaultController<Uint8Array> | undefined => {
    const controller = body;
    body = undefined;
    return controller;
  };
  const fail = (reason: unknown): void => end()?.error(reason);
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body = controller;
      },
      pull() {
        source.resume();
      },
      cancel() {
        end();
        source.resume();
        if (request.destroyed) return; // all of it is there
        const timer = setTimeout(() => request.destroy(), END_WAIT_MS);
        request.once("close", () => clearTimeout(timer));
      },
    },
    { highWaterMark: WAITING_BYTES_MAX, size: ({ length }) => length },
  );
  source.on("data", (bytes: Uint8Array) => {
    body?.enqueue(bytes);
    if ((body?.desiredSize ?? 1) <= 0) source.pause();
  });
  source.once("end", () => end()?.close());
  source.on("error", fail);
  return { stream, fail };
}

/** Told piece by piece, as it was sent. */
function decode(message: IncomingMessage): Readable {
  const encoding = message.headers["content-encoding"]?.trim().toLowerCase();
  const decoder =
    encoding === "gzip" || encoding === "x-gzip"
      ? createGunzip({ flush: constants.Z_SYNC_FLUSH })
      : encoding === "br"
        ? createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })
        : undefined;
  return decoder === undefined ? message : pipeline(message, decoder, () => undefined);
}

/** Pairs, of which the response makes its headers: given `Headers` it would copy and check them once more. */
function toHeaders(given: IncomingHttpHeaders): [name: string, value: string][] {
  return Object.entries(given).flatMap(([name, value]) =>
    [value ?? ""].flat().map((one): [string, string] => [name, one]),
  );
}
