/** The fake upstream: an OpenAI-compatible server on 127.0.0.1 that fails as it is told and keeps a journal. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { AppError } from "../../src/errors.ts";
import { answerControl } from "./control.ts";
import { createExchange, type Exchange } from "./exchange.ts";
import { createJournal, type Entry, type Journal } from "./journal.ts";
import { isBroken, type Received, type Reply } from "./reply.ts";
import type { Settings, SettingsInput } from "./settings.ts";
import { createState } from "./state.ts";
import { createTimerWheel } from "./timer-wheel.ts";
import { toReply } from "./to-reply.ts";

export interface UpstreamOptions {
  readonly host?: string;
  /** 0: a free one. */
  readonly port?: number;
  readonly settings?: SettingsInput;
  /** Requests kept with their headers and bodies, for tests. */
  readonly requestsMax?: number;
  /** Called when an exchange is over. */
  readonly onEnd?: (entry: Entry) => void;
}

export interface Upstream extends AsyncDisposable {
  /** With its /v1. */
  readonly url: string;
  /** The newest, oldest first. */
  readonly requests: readonly Received[];
  readonly journal: Journal;
  readonly settings: Settings;
  /** From now on the n-th request gets the n-th reply, whatever it asks for; those beyond the last get the last. Without one, rules and settings decide again. */
  script(...replies: readonly Reply[]): void;
  /** Changes settings while it runs; what is drawn at random begins anew. Throws AppError invalid_request. */
  set(settings: SettingsInput): void;
}

const REQUEST_BYTES_MAX = 32 * 2 ** 20;

/** Starts it. Throws AppError invalid_request for settings and ports that do not work. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const { host = "127.0.0.1", port = 0, requestsMax = 1_000, onEnd } = options;
  const wheel = createTimerWheel();
  const journal = createJournal();
  const requests: Received[] = [];
  const sockets = new Set<Socket>();
  const state = createState(options.settings);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readBody(request);
    if (await answerControl({ request, response, text, journal, get: state.get, set: state.set }))
      return;
    const exchange = createExchange(request, text, state.plan);
    const received = track(exchange, response, journal, onEnd);
    if (requests.length >= requestsMax) requests.shift();
    if (requestsMax > 0) requests.push(received);
    const reply = state.nextScripted() ?? toReply(exchange, { ...state.toContext(), wheel });
    await reply(response, received);
  };

  const http = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch((thrown: unknown) => refuse(response, thrown));
  });
  const server = createSocketServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    const [fault] = state.plan().choose("connection");
    journal.connect(fault !== undefined);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      sockets.delete(socket);
      journal.disconnect();
    });
    if (fault?.name === "reset-accept") socket.resetAndDestroy();
    if (fault !== undefined) return;
    http.emit("connection", socket);
    socket.resume();
  });
  await listen(server, host, port);
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/v1`,
    requests,
    journal,
    get settings() {
      return state.get();
    },
    script: state.script,
    set: state.set,
    async [Symbol.asyncDispose]() {
      wheel.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Puts the exchange into the journal, and its end when the response closes. */
function track(
  exchange: Exchange,
  response: ServerResponse,
  journal: Journal,
  onEnd: UpstreamOptions["onEnd"],
): Received {
  const { on, method, path, bytesIn, key, headers, body: parsed } = exchange;
  const faults = exchange.faults.map(({ text }) => text);
  const entry = journal.begin({ on, method, path, faults, bytesIn }, key);
  const { socket } = response;
  const before = socket?.bytesWritten ?? 0;
  const left = new Promise<boolean>((resolve) => {
    response.once("close", () => {
      const { writableFinished, headersSent, statusCode } = response;
      journal.end(entry, {
        status: headersSent ? statusCode : 0,
        bytesOut: (socket?.bytesWritten ?? before) - before,
        end: writableFinished ? "finished" : isBroken(response) ? "broken" : "left",
      });
      onEnd?.(entry);
      resolve(!writableFinished);
    });
  });
  return { path, headers, body: parsed, left };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > REQUEST_BYTES_MAX) {
      throw new AppError("payload_too_large", { detail: "the request is larger than 32 MiB" });
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** A request the upstream itself cannot take: 400 in OpenAI's form. */
function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const error = { message, type: "invalid_request_error", code: "chaos" };
  response.writeHead(400, { "content-type": "application/json" });
  response.end(JSON.stringify({ error }));
}

function listen(server: ReturnType<typeof createSocketServer>, host: string, port: number) {
  return new Promise<void>((resolve, reject) => {
    server.once("error", (thrown: NodeJS.ErrnoException) => {
      const detail = `cannot listen on ${host}, port ${port} (${thrown.code ?? "unknown reason"})`;
      reject(new AppError("invalid_request", { detail, cause: thrown }));
    });
    server.listen(port, host, resolve);
  });
}
