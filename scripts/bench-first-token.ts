/** Measures what the service adds to the time to first token: the real server, a fake upstream, each in its own process. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createParser } from "eventsource-parser";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import { createSource, loadCollection } from "./bench-data.ts";

const COLLECTIONS = ["north", "east", "south", "west"];
const CHUNKS_EACH = 2_500;
const EMBEDDING_MS = 60;
const FIRST_TOKEN_MS = 250;
const WARMUP = 25;
const ASKS = 60;

export interface FirstTokenBench {
  readonly criticalMs: number;
  /** Time to the first text-delta less embedding and first-token latency, one asker. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  /** The same for a bare proxy of Hono and the openai SDK that searches nothing. */
  readonly floorP50Ms: number;
  /** From spawn to the first answered request. */
  readonly startMs: number;
}

/** Measures over 4 collections of 2,500 chunks, 60 ms embedding, 250 ms to the model's first token, concurrency 1. */
export async function benchFirstToken(): Promise<FirstTokenBench> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-token-"));
  await using upstream = await start("bench-upstream.ts", {}, EMBEDDING_MS, FIRST_TOKEN_MS);
  try {
    await load(folder);
    const startedMs = performance.now();
    await using server = await start("../src/node/main.ts", {
      PORT: "0",
      DATA_DIR: folder,
      OPENAI_API_KEY: "bench",
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`,
      EMBEDDING_MODEL: "bench",
      CHAT_MODEL: "bench",
    });
    const url = `http://127.0.0.1:${server.port}`;
    await fetch(`${url}/livez`);
    const startMs = performance.now() - startedMs;
    const own = await measure(url, '"answerer":"openai:bench"');
    await using floor = await start("bench-floor.ts", {}, upstream.port);
    const bare = await measure(`http://127.0.0.1:${floor.port}`, "{}");
    return {
      criticalMs: EMBEDDING_MS + FIRST_TOKEN_MS,
      addedP50Ms: own(0.5),
      addedP99Ms: own(0.99),
      floorP50Ms: bare(0.5),
      startMs: Math.round(startMs),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks again and again; gives the percentiles of what was added to the upstreams' own latency. */
async function measure(url: string, expected: string): Promise<(share: number) => number> {
  const source = createSource(99);
  const times: number[] = [];
  for (let ask = 0; ask < WARMUP + ASKS; ask += 1) {
    const firstMs = await askOnce(url, source.words(8), expected);
    if (ask >= WARMUP) times.push(firstMs - EMBEDDING_MS - FIRST_TOKEN_MS);
  }
  times.sort((a, b) => a - b);
  return (share) => Math.round((times[Math.floor(share * times.length)] ?? 0) * 10) / 10;
}

async function load(folder: string): Promise<void> {
  const store = await createLanceStore({
    uri: folder,
    config: parseConfig({}),
    clock: systemClock,
  });
  for (const [index, name] of COLLECTIONS.entries()) {
    const options = { chunks: CHUNKS_EACH, seed: index + 1, embedder: "openai:bench" };
    await loadCollection(store, name, options);
  }
}

/** Milliseconds to the first text-delta; the stream is read to its end. */
async function askOnce(url: string, question: string, expected: string): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(`${url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ question }),
  });
  let firstMs: number | undefined;
  let end = "";
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === "text-delta") firstMs ??= performance.now() - startedMs;
      if (event === "run-end") end = data;
    },
  });
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
    parser.feed(text);
  if (firstMs === undefined || !end.includes(expected)) {
    throw new Error(
      `the run was not answered by the model: ${response.status} ${end.slice(0, 500)}`,
    );
  }
  return firstMs;
}

interface Program extends AsyncDisposable {
  readonly port: number;
}

/** Starts a program that prints its port, or an address with it. */
async function start(
  file: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly number[]
): Promise<Program> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args.map(String)], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let port = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    port = Number(/^(\d+)$|127\.0\.0\.1:(\d+)/.exec(line)?.slice(1).find(Boolean) ?? 0);
    if (port > 0) break;
  }
  child.stdout.resume();
  if (port === 0) throw new Error(`${file} ended without naming its port`);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
