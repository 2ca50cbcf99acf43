/** What one request is answered with: whole bodies, event streams, and connections that break. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";

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

/** What the upstream says in its errors; seen anywhere outside the log, it is a leak. */
export const UPSTREAM_TEXT = "internal host gpu-17.example says no to sk-live-abcdef123456";

/** How long what was written has to get out before the connection breaks. */
const RESET_DELAY_MS = 20;

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

/** A web page where JSON or a stream was asked for. */
export const html: Reply = body(`<!doctype html><title>Gateway</title><p>${UPSTREAM_TEXT}</p>`, {
  headers: { "content-type": "text/html; charset=utf-8" },
});

/** How a body ends after what was written of it. */
export type End = "done" | "clean" | "reset" | "hang";

/** Ends the response that way; `done` and `clean` are the same once everything is written. */
export function finish(response: ServerResponse, end: End): void {
  if (end === "hang") response.flushHeaders();
  else if (end === "reset") setTimeout(() => breakConnection(response), RESET_DELAY_MS);
  else response.end();
}

/** An event stream, written event by event: objects as `data:` lines, strings as they are. */
export function stream(events: readonly (object | string)[], end: End = "done"): Reply {
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) {
      response.write(toFrame(event));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (end === "done") response.write(DONE_FRAME);
    finish(response, end);
  };
}

export const DONE_FRAME = "data: [DONE]\n\n";

/** An event as it goes over the wire. */
export function toFrame(event: object | string): string {
  return typeof event === "string" ? event : `data: ${JSON.stringify(event)}\n\n`;
}

/** What goes on without an end where a body has been begun, until the client leaves. */
export type Filler = (response: ServerResponse) => void;

/** The same event again and again. */
export function repeat(event: object | string, intervalMs: number): Filler {
  const frame = toFrame(event);
  return (response) => {
    response.flushHeaders();
    const timer = setInterval(() => response.write(frame), intervalMs);
    response.on("close", () => clearInterval(timer));
  };
}

export const PING_FRAME = ": ping\n\n";

/** These events of a stream, and then what never ends. */
export function filled(events: readonly object[], filler: Filler): Reply {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) response.write(toFrame(event));
    filler(response);
  };
}

/** One line, as fast as it is taken. */
export function endlessLine(start: string): Filler {
  const part = "x".repeat(2 ** 16);
  return (response) => {
    const write = (): void => {
      if (!response.destroyed) response.write(part, write);
    };
    response.write(start, write);
  };
}

/** Takes the request and never says a word. */
export const hang: Reply = () => {};

/** Breaks the connection before the first byte. */
export const reset: Reply = (response) => breakConnection(response);

const broken = new WeakSet<ServerResponse>();

/** Was the connection broken by us? */
export function isBroken(response: ServerResponse): boolean {
  return broken.has(response);
}

function breakConnection(response: ServerResponse): void {
  broken.add(response);
  if (response.socket === null) response.destroy();
  else response.socket.resetAndDestroy();
}

/** An embeddings answer with these vectors. */
export function embeddings(rows: readonly unknown[]): Reply {
  const data = rows.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return body({ object: "list", data, model: "m", usage: { prompt_tokens: 1, total_tokens: 1 } });
}
