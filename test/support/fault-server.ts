/** A model endpoint that answers each request exactly as scripted, however wrong, and remembers what came and what broke. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; empty without a body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Settles when the exchange is over: `true` when the client left before the answer was complete. */
  readonly left: Promise<boolean>;
}

/** Answers one request. */
export type Reply = (response: ServerResponse, request: Received) => void | Promise<void>;

export interface FaultServer extends AsyncDisposable {
  /** With its /v1. */
  readonly url: string;
  readonly requests: readonly Received[];
  /** The n-th request gets the n-th reply; those beyond the last get the last. */
  script(...replies: readonly Reply[]): void;
}

export async function startFaultServer(...replies: readonly Reply[]): Promise<FaultServer> {
  const requests: Received[] = [];
  let script = replies;
  let from = 0;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => (text += part));
    request.on("end", () => {
      const left = new Promise<boolean>((resolve) => {
        response.on("close", () => resolve(!response.writableFinished));
      });
      const { url: path = "", headers } = request;
      const received = { path, headers, body: JSON.parse(text === "" ? "{}" : text), left };
      const reply = script[Math.min(requests.length - from, script.length - 1)];
      requests.push(received);
      if (reply === undefined) throw new Error(`no reply was scripted for ${path}`);
      void reply(response, received);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    script(...next) {
      script = next;
      from = requests.length;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface HeadOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole body: JSON of a value, or a string as it is. */
export function body(value: unknown, { status = 200, headers = {} }: HeadOptions = {}): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof value === "string" ? value : JSON.stringify(value));
  };
}

/** The error body of OpenAI with a text in it that must not get out. */
export function refusal(status: number, error: object = {}, headers = {}): Reply {
  return body({ error: { message: UPSTREAM_TEXT, ...error } }, { status, headers });
}

/** What an upstream says in its errors; seen in a `detail`, it is a leak. */
export const UPSTREAM_TEXT = "internal host gpu-17.example says no to sk-live-abcdef123456";

/** How a stream ends after its events. */
export type StreamEnd = "done" | "clean" | "reset" | "hang";

/** An event stream: objects as `data:` lines, strings as they are. */
export function stream(events: readonly (object | string)[], end: StreamEnd = "done"): Reply {
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) {
      response.write(typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (end === "done") response.end("data: [DONE]\n\n");
    if (end === "clean") response.end();
    // Given a moment first, so that the events get out before the connection breaks.
    if (end === "reset") setTimeout(() => response.destroy(), 20);
    if (end === "hang") response.flushHeaders();
  };
}

/** Only comments, for ever. */
export function pings(intervalMs: number): Reply {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write(": ping\n\n"), intervalMs);
    response.on("close", () => clearInterval(timer));
  };
}

/** Takes the request and never says a word. */
export const hang: Reply = () => {};

/** Breaks the connection before the first byte. */
export const reset: Reply = (response) => {
  response.destroy();
};

/** A chunk of a chat stream. */
export function chunk(
  delta: object,
  finishReason: string | null = null,
  extra: object = {},
): Record<string, unknown> {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, ...extra };
}

/** An embeddings answer: by default `count` vectors of three components, told apart by their first. */
export function embeddings(rows: readonly unknown[]): Reply {
  const data = rows.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return body({ object: "list", data, model: "m", usage: { prompt_tokens: 1, total_tokens: 1 } });
}
