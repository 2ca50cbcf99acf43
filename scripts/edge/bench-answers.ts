/** Answers of the Worker as `pnpm dev:edge` serves it: what one costs the processor, and how soon a cold one begins. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEdgeTarget } from "../../ingest/push/edge-target.ts";
import { pushCollection } from "../../ingest/push/push-collection.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import { startProgram } from "../bench-program.ts";
import { atMost, type Row, toReport } from "../bench-row.ts";
import { toQuantile } from "../to-quantile.ts";
import { createSource } from "./bench-data.ts";
import { workerCpuMs } from "./processes.ts";
import { findPort } from "./find-port.ts";

const TOKEN = "a-token-for-the-bench";
const CHUNKS = 500;
const TOKENS = 500;
/** A hundred tokens a second, as fast models give them. */
const GAP_MS = 10;
const FIRST_TOKEN_MS = 20;
const AT_ONCE = 10;
const CALLS = 200;
const { signal } = new AbortController();

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** From starting the program to its first word that it is ready. */
  readonly startMs: number;
}

/** The figures of answers of 500 tokens. */
export async function benchAnswers(size: number): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-edge-"));
  await using upstream = await startProgram(
    "bench-upstream.ts",
    {},
    0,
    FIRST_TOKEN_MS,
    TOKENS,
    GAP_MS,
  );
  const vars = {
    AUTH: "off",
    ADMIN_TOKEN: TOKEN,
    CHAT_MODEL: "bench",
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`,
    OPENAI_API_KEY: "sk-bench",
  };
  try {
    {
      await using first = await serve(folder, vars);
      await fill(first.url);
    }
    const answers = Math.ceil(40 * size);
    const floorMs = await measureFloor(folder, vars, answers);
    await using served = await serve(folder, vars);
    return await measure(served, answers, floorMs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a bare Worker takes for the same words. */
async function measureFloor(
  folder: string,
  vars: Readonly<Record<string, string>>,
  answers: number,
): Promise<number> {
  await using bare = await serve(folder, vars, "--config", "scripts/edge/bare.toml");
  const isWhole = (text: string): boolean => text.includes(`word${TOKENS - 1} `);
  await askTogether(bare.url, AT_ONCE, isWhole);
  return await timeCpu(bare, answers, () => askTogether(bare.url, answers, isWhole));
}

/** Milliseconds that the runtime takes of the processor for each of so many. */
async function timeCpu(
  { pid }: Served,
  count: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const beforeMs = workerCpuMs(pid);
  await work();
  return (workerCpuMs(pid) - beforeMs) / count;
}

async function measure(served: Served, answers: number, floorMs: number): Promise<readonly Row[]> {
  const cold = await ask(served.url);
  const warm: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) warm.push((await ask(served.url)).firstMs);
  await askTogether(served.url, AT_ONCE);
  let writes: readonly number[] = [];
  const answer = await timeCpu(served, answers, async () => {
    writes = await askTogether(served.url, answers);
  });
  const search = await timeCpu(served, CALLS, () =>
    repeat(CALLS, () => post(served.url, "/v1/search")),
  );
  const empty = await timeCpu(served, CALLS, () =>
    repeat(CALLS, () => fetch(`${served.url}/livez`)),
  );
  const behind = `floor ${floorMs.toFixed(1)}; ${toQuantile(writes, 0.5)} writes; of it a search ${search.toFixed(1)}, an empty request ${empty.toFixed(1)}`;
  return [
    atMost(`processor time of a ${TOKENS}-token answer in the Worker and its objects`, {
      value: answer,
      goal: 40,
      unit: "ms",
      note: behind,
    }),
    toReport("from starting the runtime to its being ready", served.startMs, "ms"),
    toReport(
      "from the first request of an isolate to the first word",
      cold.firstMs,
      "ms",
      `the model's own ${FIRST_TOKEN_MS}; later ones ${toQuantile(warm, 0.5)}`,
    ),
  ];
}

async function serve(
  folder: string,
  vars: Readonly<Record<string, string>>,
  ...options: readonly string[]
): Promise<Served> {
  const port = await findPort();
  const startedMs = performance.now();
  const given = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const place = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  const child = spawn(
    process.execPath,
    ["scripts/edge.ts", "dev", ...place, "--persist-to", folder, ...given, ...options],
    { env: { PATH: process.env["PATH"] ?? "", HOME: folder }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const exit = new Promise((resolve) => child.once("close", resolve));
  let isReady = false;
  for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    isReady = String(text).includes("Ready on");
    if (isReady) break;
  }
  if (!isReady) throw new Error("pnpm dev:edge ended before it was ready");
  child.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    startMs: performance.now() - startedMs,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exit;
    },
  };
}

async function fill(url: string): Promise<void> {
  const table = await loadStaticTable();
  const { dimensions } = table;
  const { id } = createStaticEmbedder(table);
  const source = createSource(7, dimensions);
  const spec = { name: "bench", embedder: id, dimensions, chunker: "whole", language: "english" };
  const info = { ...spec, tokenizer: "words", metadata: {} } as const;
  const key = "bench-of-answers";
  await pushCollection(
    {
      key,
      info: { ...info, version: 1, documents: CHUNKS, chunks: CHUNKS },
      async *documents() {
        for (let index = 0; index < CHUNKS; index += 1) yield source.document(index);
      },
    },
    createEdgeTarget({ url, token: TOKEN, clock: systemClock, collection: "bench", key }),
    signal,
  );
}

let asked = 0;

async function post(url: string, path: string, accept = "application/json"): Promise<string> {
  const response = await request(url, path, accept);
  return response.text();
}

function request(url: string, path: string, accept: string): Promise<Response> {
  asked += 1;
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: accept },
    body: JSON.stringify({ question: `What is said of w${asked % 500}x and w${asked}x?` }),
  });
}

/** When the first word came, and in how many pieces the answer did. */
async function ask(
  url: string,
  isWhole = isFinished,
): Promise<{ readonly firstMs: number; readonly writes: number }> {
  const startMs = performance.now();
  const response = await request(url, "/v1/ask", "text/event-stream");
  let [text, firstMs, writes] = ["", 0, 0];
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    writes += 1;
    if (firstMs === 0 && text.includes("event: text-delta")) firstMs = performance.now() - startMs;
  }
  if (!isWhole(text)) throw new Error(`an answer is not whole: ${text.slice(-500)}`);
  return { firstMs, writes };
}

function isFinished(text: string): boolean {
  return text.includes('"outcome":"finished"') && text.includes(`"outputTokens":${TOKENS}`);
}

/** So many answers, a few at a time; the pieces of each. */
async function askTogether(
  url: string,
  count: number,
  isWhole = isFinished,
): Promise<readonly number[]> {
  const writes: number[] = [];
  let begun = 0;
  const asker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      writes.push((await ask(url, isWhole)).writes);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, asker));
  return writes;
}

async function repeat(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await work();
}
