/** The service as it is wired for production, on a socket, with the fake upstream behind it; and proof that nothing leaks. */
import { cp } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { UPSTREAM_TEXT } from "../../scripts/chaos/reply.ts";
import type { Rule, SettingsInput } from "../../scripts/chaos/settings.ts";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import type { KeyEntry } from "../../src/access/key-list.ts";
import type { Tool } from "../../src/agent/tool.ts";
import { createApp } from "../../src/app.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import type { RunGate } from "../../src/http/admission/run-gate.ts";
import { createAnswerDeps } from "../../src/node/answer-deps.ts";
import { createGate } from "../../src/node/server/create-gate.ts";
import { createServer } from "../../src/node/server/create-server.ts";
import { createEmbedders, createStore } from "../../src/node/wire.ts";
import { recordLog } from "./app.ts";
import { fillCollection } from "./collections.ts";
import { toPlainChunk } from "../../scripts/plain-chunk.ts";
import { makeAccess } from "./keys.ts";
import { makeTempFolder, type TempFolder } from "./local-store.ts";
import { connectRaw, parseResponses, type RawResponse, toPost } from "./raw-client.ts";

const API_KEY = "sk-test-0123456789abcdef";
export const QUESTION = "Why do retries use jitter?";

const TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  guide: {
    "retries.md": "Retries use jitter so that clients do not come back at the same moment.",
    "queues.md": "A bounded queue rejects work when it is full.",
    "timeouts.md": "A timeout ends a request that takes too long.",
  },
  faq: {
    "jitter.md": "Jitter spreads retries over time, which spares a service that recovers.",
  },
};

/** One slot for each kind of call: a slot that is not given back stops the next question. */
const ENV: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: API_KEY,
  CHAT_MODEL: "m",
  EMBEDDING_MODEL: "m",
  RERANK_MODEL: "m",
  // No limit of time is met on a busy machine, unless the fault is one of time.
  DEADLINE_MS: "60000",
  EMBED_ATTEMPT_TIMEOUT_MS: "25000",
  EMBED_TIMEOUT_MS: "26000",
  RERANK_TIMEOUT_MS: "26000",
  RERANK_ATTEMPT_TIMEOUT_MS: "25000",
  FIRST_DELTA_TIMEOUT_MS: "25000",
  DELTA_GAP_TIMEOUT_MS: "25000",
  SEARCH_TIMEOUT_MS: "25000",
  TAKE_TIMEOUT_MS: "25000",
  STALE_AFTER_MS: "25000",
  EMBED_CONCURRENCY_MAX: "1",
  CHAT_CONCURRENCY_MAX: "1",
  // One fewer than usual, because every cell of a lasting fault waits for all of them.
  ATTEMPTS_MAX: "3",
  // A machine that is busy with other tests must not look like a service under load.
  BROWN_OUT_LAG_MS: "20000",
};

/** For silences of the model, and of no other upstream: on a busy machine what is healthy may be this late as well. */
export const SHORT_CHAT: Readonly<Record<string, string>> = {
  FIRST_DELTA_TIMEOUT_MS: "800",
  DELTA_GAP_TIMEOUT_MS: "800",
  USAGE_WAIT_MS: "100",
};

/** The same for embeddings. */
export const SHORT_EMBEDDINGS: Readonly<Record<string, string>> = {
  EMBED_ATTEMPT_TIMEOUT_MS: "800",
};

/** A store whose collections the fake upstream embedded, written once and copied for who damages it. */
export async function makeChaosStore(): Promise<TempFolder> {
  await using upstream = await startUpstream();
  const folder = await makeTempFolder();
  const config = toConfig(upstream, folder);
  const store = await createStore(config);
  const { forIngest } = await createEmbedders(config);
  for (const [name, texts] of Object.entries(TEXTS)) {
    const chunks = Object.entries(texts).map(([id, text]) => toPlainChunk(id, text));
    await fillCollection(store, name, chunks, forIngest);
  }
  return folder;
}

export async function copyFolder(from: TempFolder): Promise<TempFolder> {
  const copy = await makeTempFolder();
  await cp(from.path, copy.path, { recursive: true });
  return copy;
}

export interface WorldOptions {
  readonly folder: TempFolder;
  readonly env?: Readonly<Record<string, string>>;
  readonly upstream?: SettingsInput;
  /** Where the service looks for its models instead, made of the fake upstream's address. */
  readonly toBaseUrl?: (url: string) => string;
  /** Tools of one's own. */
  readonly tools?: readonly Tool[];
  /** Keys that callers need; without them none are asked for. */
  readonly keys?: readonly KeyEntry[];
}

export interface World extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly gate: RunGate;
  readonly server: Server;
  readonly port: number;
  readonly folder: TempFolder;
  readonly logLines: readonly string[];
  /** Sockets of clients that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { folder, env = {}, toBaseUrl = (url: string) => url } = options;
  const upstream = await startUpstream({ settings: options.upstream ?? {} });
  const log = recordLog();
  const config = toConfig(upstream, folder, {
    OPENAI_BASE_URL: toBaseUrl(upstream.url),
    ...env,
  });
  const { gate, pressure } = createGate(config);
  const deps = { ...(await createAnswerDeps(config, log)), gate, pressure };
  const { tools = deps.tools, keys } = options;
  const access = keys && { access: makeAccess(keys).access };
  const app = createApp({ ...deps, ...(tools && { tools }), ...access });
  const server = createServer(app.fetch, config);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    upstream,
    gate,
    server,
    port: (server.address() as AddressInfo).port,
    folder,
    logLines: log.lines,
    sockets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await upstream[Symbol.asyncDispose]();
    },
  };
}

function toConfig(
  upstream: Upstream,
  folder: TempFolder,
  env: Readonly<Record<string, string>> = {},
): Config {
  return parseConfig({
    ...ENV,
    OPENAI_BASE_URL: upstream.url,
    RERANK_URL: `${upstream.url.replace(/\/v1$/, "")}/v2/rerank`,
    DATA_DIR: folder.path,
    ...env,
  });
}

export interface AskOptions {
  readonly stream?: boolean;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** Asks over a socket of its own and reads to the end. */
export function askWorld(world: World, options: AskOptions = {}): Promise<RawResponse> {
  return send(world, toAsk(options));
}

/** A request without a body over a socket of its own. */
export function requestWorld(
  world: World,
  method: "GET" | "DELETE",
  path: string,
): Promise<RawResponse> {
  return send(world, `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
}

async function send(world: World, text: string): Promise<RawResponse> {
  await using client = connectRaw(world.port);
  client.send(text);
  await client.closed;
  const [response] = parseResponses(client.received());
  if (response === undefined) throw new Error("the connection closed without a response");
  return response;
}

let asked = 0;
/** In words that say nothing: a figure, or letters that read like a word, would make some of the answers unsure. */
const toSerial = (count: number): string =>
  Array.from(count.toString(2), (bit) => (bit === "0" ? "and" : "so")).join(" ");

/** A question as it goes over the wire, never the same twice; the server closes when it is answered. */
export function toAsk({ stream = true, body = {}, headers = {} }: AskOptions = {}): string {
  return toPost(
    "/v1/ask",
    { question: `${QUESTION} (${toSerial((asked += 1))})`, ...body },
    {
      Accept: stream ? "text/event-stream" : "application/json",
      Connection: "close",
      ...headers,
    },
  );
}

/** What must never be seen by a client. */
const PRIVATE = [
  ...UPSTREAM_TEXT.split(" ").filter((word) => word.length > 8),
  "Gateway",
  API_KEY,
  process.cwd(),
  "node_modules",
  "node:internal",
  "    at ",
  ".ts:",
  ".js:",
  "ECONN",
  "fetch failed",
];

export function expectNothingPrivate(world: World, seen: string): void {
  const { port } = new URL(world.upstream.url);
  const words = [...PRIVATE, world.folder.path, `127.0.0.1:${port}`];
  expect(words.filter((word) => seen.includes(word))).toEqual([]);
  const logged = world.logLines.join("\n");
  expect(
    [API_KEY, QUESTION, TEXTS["faq"]?.["jitter.md"] ?? ""].filter((word) => logged.includes(word)),
  ).toEqual([]);
}

/**
 * Nothing of what was asked is left: no run, no connection, no exchange, no slot. Then a healthy upstream
 * answers again, at once or where calls were held off for a while, within `recoveryMs`.
 */
export async function expectNothingLeft(
  world: World,
  healthy: SettingsInput = {},
  recoveryMs = 0,
  headers: Record<string, string> = {},
): Promise<void> {
  await until(() => world.gate.running === 0, "a run is still running");
  await until(() => world.sockets.size === 0, "a client's connection is still open");
  await until(() => world.upstream.journal.totals().open === 0, "an exchange is still open");
  world.upstream.set({ rules: [], ...healthy });
  const untilMs = performance.now() + recoveryMs;
  for (;;) {
    const response = await askWorld(world, { stream: false, headers });
    expectStatus(response, 200);
    const { outcome, answerer, degraded } = JSON.parse(response.body);
    if (degraded.length > 0 && performance.now() < untilMs) {
      await delay(200);
      continue;
    }
    expect({ outcome, answerer, degraded }).toEqual({
      outcome: "finished",
      answerer: "openai:m",
      degraded: [],
    });
    return;
  }
}

/** Says the body when the status is another. */
export function expectStatus({ status, body }: RawResponse, wanted: number): void {
  if (status !== wanted) throw new Error(`status ${status} instead of ${wanted}: ${body}`);
}

/** Waits for something to come true, generously. */
export async function until(
  condition: () => boolean,
  failure: string | (() => string),
): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 6_000) throw new Error(typeof failure === "string" ? failure : failure());
    await delay(10);
  }
}

/** Rules for one kind of request. */
export function onAll(on: Rule["on"], fault: string, rest: Partial<Rule> = {}): SettingsInput {
  return { rules: [{ on, fault, ...rest }] };
}
