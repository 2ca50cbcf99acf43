/** Answers under load beside the floor: time to first token, answers a second, processor time and memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import { createAsker } from "./bench-asker.ts";
import { createSource, loadCollection } from "./bench-data.ts";
import { type Program, startProgram } from "./bench-program.ts";

const COLLECTIONS = ["north", "east", "south", "west"];
const CHUNKS_EACH = 2_500;
export const EMBEDDING_MS = 60;
export const FIRST_TOKEN_MS = 250;
const TOKENS = 100;
const GAP_MS = 10;
const WARMUP = 30;

export interface Load {
  readonly askers: number;
  readonly answers: number;
}

export interface LoadFigures {
  readonly askers: number;
  /** Time to first token less what the upstreams take. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  readonly answersPerSecond: number;
  readonly cpuMsPerAnswer: number;
  /** Since the server's start. */
  readonly peakRssMebibytes: number;
}

export interface AnswersBench {
  readonly own: readonly LoadFigures[];
  readonly floor: readonly LoadFigures[];
}

/** 4 collections of 2,500 chunks, an upstream with 60 ms for an embedding, 250 ms to the first of 100 tokens, 10 ms apart. */
export async function benchAnswers(loads: readonly Load[]): Promise<AnswersBench> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-answers-"));
  try {
    await loadBenchCollections(folder);
    await using upstream = await startProgram(
      "bench-upstream.ts",
      {},
      EMBEDDING_MS,
      FIRST_TOKEN_MS,
      TOKENS,
      GAP_MS,
    );
    const own: LoadFigures[] = [];
    const floor: LoadFigures[] = [];
    {
      await using server = await startService(folder, upstream.port);
      await warm(server);
      for (const load of loads) own.push(await measure(server, load));
    }
    {
      await using server = await startProgram("bench-floor.ts", {}, upstream.port);
      await warm(server);
      for (const load of loads) floor.push(await measure(server, load));
    }
    return { own, floor };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The real server over the folder, with the upstream as its endpoint. */
export function startService(
  folder: string,
  upstreamPort: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  return startProgram("../src/node/main.ts", {
    PORT: "0",
    DATA_DIR: folder,
    OPENAI_API_KEY: "bench",
    OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
    EMBEDDING_MODEL: "bench",
    CHAT_MODEL: "bench",
    ...env,
  });
}

/** The collections of the benches, for an embedder of 256 dimensions named `bench`. */
export async function loadBenchCollections(folder: string): Promise<void> {
  const store = await createLanceStore({
    uri: folder,
    config: parseConfig({ RESIDENT_BYTES_MAX: "0" }),
    clock: systemClock,
  });
  for (const [index, name] of COLLECTIONS.entries()) {
    const options = { chunks: CHUNKS_EACH, seed: index + 1, embedder: "openai:bench" };
    await loadCollection(store, name, options);
  }
}

async function warm(server: Program): Promise<void> {
  await measure(server, { askers: 4, answers: WARMUP });
}

async function measure(server: Program, { askers, answers }: Load): Promise<LoadFigures> {
  const asker = createAsker(server.port);
  const source = createSource(99 + askers);
  const times: number[] = [];
  let asked = 0;
  const cpuMs = server.cpuMs();
  const startedMs = performance.now();
  const askAll = async (): Promise<void> => {
    while (asked < answers) {
      asked += 1;
      const { firstMs, complete, tail } = await asker.ask(source.words(8));
      if (!complete) throw new Error(`a run was not answered: ${tail}`);
      times.push(firstMs - EMBEDDING_MS - FIRST_TOKEN_MS);
    }
  };
  await Promise.all(Array.from({ length: askers }, askAll));
  const elapsedMs = performance.now() - startedMs;
  asker.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => round(times[Math.floor(share * times.length)] ?? 0);
  return {
    askers,
    addedP50Ms: at(0.5),
    addedP99Ms: at(0.99),
    answersPerSecond: round((answers / elapsedMs) * 1_000),
    cpuMsPerAnswer: round((server.cpuMs() - cpuMs) / answers),
    peakRssMebibytes: server.peakRssMebibytes(),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

if (import.meta.main) {
  const loads = [
    { askers: 1, answers: 30 },
    { askers: 16, answers: 160 },
    { askers: 128, answers: 900 },
    { askers: 512, answers: 1_500 },
  ];
  const { own, floor } = await benchAnswers(loads);
  console.table(own);
  console.table(floor);
}
