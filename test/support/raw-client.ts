/** A client made of a bare socket: it can pause, drip, close one half, reset, and send requests in a row. */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Without its chunked framing. */
  readonly body: string;
  /** The framing says that it is all there. */
  readonly complete: boolean;
}

export interface RawClient extends AsyncDisposable {
  readonly socket: Socket;
  send(text: string): void;
  /** Byte by byte, so many milliseconds apart; stops when the connection closes. */
  drip(text: string, gapMs: number): Promise<void>;
  pause(): void;
  resume(): void;
  /** A FIN: nothing more will be sent. */
  halfClose(): void;
  /** An RST. */
  reset(): void;
  /** Everything received so far, as Latin-1. */
  received(): string;
  /** Resolves when `text` has been received; rejects when the connection closes before. */
  sees(text: string): Promise<void>;
  readonly closed: Promise<void>;
}

export function connectRaw(port: number): RawClient {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setNoDelay(true);
  let received = "";
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  socket.on("data", (bytes: Buffer) => {
    received += bytes.toString("latin1");
    wake();
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  const closed = new Promise<void>((resolve) =>
    socket.once("close", () => {
      resolve();
      wake();
    }),
  );
  return {
    socket,
    closed,
    send: (text) => void socket.write(text),
    async drip(text, gapMs) {
      for (const letter of text) {
        if (socket.destroyed) return;
        socket.write(letter);
        await delay(gapMs);
      }
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    halfClose: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    received: () => received,
    sees: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = received.includes(text);
          if (!found && !socket.destroyed) return;
          waiting.delete(look);
          if (found) resolve();
          else reject(new Error(`closed before it sent ${text}; it sent:\n${received}`));
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

/** A POST as it goes over the wire. */
export function toPost(path: string, body: object, headers: Record<string, string> = {}): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    Host: "localhost",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(text)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`;
}

/** The responses in what was received, in order; the last may be incomplete. */
export function parseResponses(received: string): readonly RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = received;
  while (rest.startsWith("HTTP/1.1 ")) {
    const headEnd = rest.indexOf("\r\n\r\n");
    if (headEnd < 0) break;
    const [statusLine = "", ...lines] = rest.slice(0, headEnd).split("\r\n");
    const headers = new Headers(lines.map((line) => toPair(line)));
    const { body, complete, after } = readBody(rest.slice(headEnd + 4), headers);
    const status = Number(statusLine.split(" ")[1]);
    responses.push({ status, headers, body: fromLatin1(body), complete });
    rest = after;
  }
  return responses;
}

function readBody(text: string, headers: Headers) {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(text);
  const length = Number(headers.get("content-length") ?? text.length);
  const body = text.slice(0, length);
  return { body, complete: body.length === length, after: text.slice(length) };
}

function readChunks(text: string) {
  let rest = text;
  let body = "";
  for (;;) {
    const lineEnd = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, Math.max(0, lineEnd)), 16);
    if (lineEnd < 0 || Number.isNaN(size)) return { body, complete: false, after: "" };
    const start = lineEnd + 2;
    if (size === 0) {
      return { body, complete: rest.startsWith("\r\n", start), after: rest.slice(start + 2) };
    }
    body += rest.slice(start, start + size);
    if (rest.length < start + size + 2) return { body, complete: false, after: "" };
    rest = rest.slice(start + size + 2);
  }
}

function toPair(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

function fromLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
