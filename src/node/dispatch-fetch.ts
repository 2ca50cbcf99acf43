/**
 * `fetch` for model endpoints over undici's dispatcher. A stream of a hundred tokens costs two thirds of the
 * processor time that the global `fetch` takes for it, and less memory.
 */
import { type AgentOptions, globalAgent, type Agent as HttpAgent } from "node:http";
import { Agent, type Dispatcher, EnvHttpProxyAgent, interceptors } from "undici";
import type { UpstreamFetch } from "../models/upstream-fetch.ts";

/** Bytes of a body that wait to be read before its connection is no longer read from. */
const WAITING_BYTES_MAX = 64 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/**
 * A connection that lies idle is looked after so often, so that one whose other end is gone without a word is closed
 * before a question is sent over it, which would wait as long as a first word may take; and so that no router forgets it.
 */
const PROBE_AFTER_MS = 5_000;
/** Statuses whose response has no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * Creates the fetch with connections of its own. It sends the headers it is given and what encodings it
 * reads, follows no redirect, and takes a body that is text or none. Fails with the signal's reason or with
 * what undici found, whose `code` says it (`ECONNREFUSED`).
 */
export function createDispatchFetch(): UpstreamFetch {
  const connect = { timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: PROBE_AFTER_MS };
  const options = { connect, allowH2: false };
  const agent = usesProxyOfEnvironment() ? new EnvHttpProxyAgent(options) : new Agent(options);
  const dispatcher = agent.compose(interceptors.decompress({ skipErrorResponses: false }));
  return (input, init = {}) => {
    const { origin, pathname, search } = new URL(input instanceof Request ? input.url : input);
    const request: Dispatcher.DispatchOptions = {
      origin,
      path: `${pathname}${search}`,
      method: init.method ?? "GET",
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        // What some servers call deflate is not what is read as such.
        "accept-encoding": "gzip, br",
      },
      body: toBody(init.body),
    };
    const { signal = null } = init;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      else dispatcher.dispatch(request, createHandler(signal, resolve, reject));
    });
  };
}

/** Whether Node was told to, by its variable or by an option: its own agent knows what they come to. Node's types do not know its options. */
function usesProxyOfEnvironment(): boolean {
  const { options } = globalAgent as HttpAgent & { readonly options: AgentOptions };
  return options.proxyEnv !== undefined;
}

function toBody(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  throw new TypeError("a request to a model endpoint has a body of text");
}

/** What undici tells about one request, as a response whose body may still be arriving. */
function createHandler(
  signal: AbortSignal | null,
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
): Dispatcher.DispatchHandler {
  let connection: Dispatcher.DispatchController | undefined;
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOver = false;

  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    signal?.removeEventListener("abort", abort);
    return true;
  };
  const fail = (reason: unknown): void => {
    if (!end()) return;
    body?.error(reason);
    reject(reason);
  };
  // Whoever has no connection yet does not wait for one to hear of it.
  const abort = (): void => {
    fail(signal?.reason);
    connection?.abort(new Error("aborted"));
  };
  const createBody = (): ReadableStream<Uint8Array> =>
    new ReadableStream(
      {
        start(controller) {
          body = controller;
        },
        pull() {
          connection?.resume();
        },
        cancel() {
          if (end()) connection?.abort(new Error("left"));
        },
      },
      { highWaterMark: WAITING_BYTES_MAX, size: ({ length }: Uint8Array) => length },
    );

  signal?.addEventListener("abort", abort);
  return {
    onRequestStart(controller) {
      connection = controller;
      if (isOver) controller.abort(new Error("aborted"));
    },
    onResponseStart(_controller, status, headers) {
      if (isOver || status < 200) return;
      const hasBody = !BODILESS.has(status);
      resolve(new Response(hasBody ? createBody() : null, { status, headers: toHeaders(headers) }));
    },
    onResponseData(_controller, bytes) {
      if (isOver || body === undefined) return;
      body.enqueue(bytes);
      if ((body.desiredSize ?? 0) <= 0) connection?.pause();
    },
    onResponseEnd() {
      if (end()) body?.close();
    },
    onResponseError(_controller, error) {
      fail(error);
    },
  };
}

/** Pairs, of which the response makes its headers: given `Headers` it would copy and check them once more. */
function toHeaders(
  given: Readonly<Record<string, string | string[] | undefined>>,
): [name: string, value: string][] {
  return Object.entries(given).flatMap(([name, value]) =>
    [value ?? ""].flat().map((one): [string, string] => [name, one]),
  );
}
