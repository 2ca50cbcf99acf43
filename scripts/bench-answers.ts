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
import { atLeast, atMost, type Row } from "./bench-row.ts";
import { PATIENT_SEARCH_ENV } from "./patient-env.ts";

const COLLECTIONS = ["north", "east", "south", "west"];
const CHUNKS_EACH = 2_500;
const EMBEDDING_MS = 60;
const FIRST_TOKEN_MS = 250;
const TOKENS = 100;
const GAP_MS = 10;
/** With fewer the first figures are those of code that is not compiled yet, the service's and the floor's. */
const WARMUP: Load = { askers: 16, answers: 320 };
/** What follows asks other questions than the warm-up: the service knows the vectors of those. */
const WARMUP_SEED = 98;

export interface Load {
  readonly askers: number;
  readonly answers: number;
}

export interface LoadFigures {
  readonly askers: number;
  /** Time to first token less what the upstreams take. */
  readonly addedLeastMs: number;
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
  /** From spawning the service on the filled store to its first answered request. */
  readonly startMs: number;
}

/** 4 collections of 2,500 chunks, an upstream with 60 ms for an embedding, 250 ms to the first of 100 tokens, 10 ms apart. */
export async function benchAnswers(
  loads: readonly Load[],
  env: Readonly<Record<string, string>> = {},
): Promise<AnswersBench> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-answers-"));
  try {
    await loadBenchCollections(folder);
    await using upstream = await startUpstream();
    const own: LoadFigures[] = [];
    const floor: LoadFigures[] = [];
    let startMs = 0;
    {
      const startedMs = performance.now();
      await using server = await startService(folder, upstream.port, env);
      await fetch(`http://127.0.0.1:${server.port}/livez`);
      startMs = Math.round(performance.now() - startedMs);
      await warm(server);
      for (const load of loads) own.push(await measure(server, load));
    }
    {
      await using server = await startProgram("bench-floor.ts", {}, upstream.port);
      await warm(server);
      for (const load of loads) floor.push(await measure(server, load));
    }
    return { own, floor, startMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** No limit of time ends or lessens an answer, however busy the machine is with other work. */
export const PATIENT_ENV: Readonly<Record<string, string>> = {
  ...PATIENT_SEARCH_ENV,
  FIRST_DELTA_TIMEOUT_MS: "30000",
  DELTA_GAP_TIMEOUT_MS: "30000",
  BROWN_OUT_LAG_MS: "20000",
};

/** The model endpoint of the benches, in a process of its own. */
export function startUpstream(): Promise<Program> {
  const file = "bench-upstream.ts";
  return startProgram(file, {}, EMBEDDING_MS, FIRST_TOKEN_MS, TOKENS, GAP_MS);
}

/** The real server over the folder, with the upstream as its endpoint. */
export function startService(
  folder: string,
  upstreamPort: number,
  env: Readonly<Record<string, string>> = {},
  program = "../src/node/main.ts",
): Promise<Program> {
  return startProgram(program, {
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
export async function loadBenchCollections(
  folder: string,
  chunksEach = CHUNKS_EACH,
): Promise<void> {
  const store = await createLanceStore({
    uri: folder,
    config: parseConfig({ RESIDENT_BYTES_MAX: "0" }),
    clock: systemClock,
  });
  for (const [index, name] of COLLECTIONS.entries()) {
    const options = { chunks: chunksEach, seed: index + 1, embedder: "openai:bench" };
    await loadCollection(store, name, options);
  }
}

/** Lets the server compile what it runs. */
export async function warm(server: Program): Promise<void> {
  await measure(server, WARMUP, WARMUP_SEED);
}

/** Asks under this load and takes the figures. The seed decides the questions. */
export async function measure(
  server: Program,
  { askers, answers }: Load,
  seed = 99 + askers,
): Promise<LoadFigures> {
  const asker = createAsker(server.port);
  const source = createSource(seed);
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
    addedLeastMs: at(0),
    addedP50Ms: at(0.5),
    addedP99Ms: at(0.99),
    answersPerSecond: round((answers / elapsedMs) * 1_000),
    cpuMsPerAnswer: round((server.cpuMs() - cpuMs) / answers),
    peakRssMebibytes: server.peakRssMebibytes(),
  };
}

const LOADS: readonly Load[] = [
  { askers: 1, answers: 40 },
  { askers: 16, answers: 240 },
  { askers: 128, answers: 1_200 },
  { askers: 512, answers: 2_400 },
];
/** Milliseconds beyond the upstreams' own, by number of askers. */
const FIRST_TOKEN_GOALS: Readonly<Record<number, number>> = { 1: 12, 16: 20, 128: 120 };
const CPU_GOAL = 1.6;
const RSS_GOAL = 500;
const START_GOAL_MS = 2_000;

/** The table's lines. The floor is a bare Hono and openai SDK proxy that searches nothing, in the same run. */
export async function toAnswerRows(): Promise<readonly Row[]> {
  const { own, floor, startMs } = await benchAnswers(LOADS);
  const rows = own.flatMap((figures, index) => {
    const bare = floor[index];
    return bare === undefined ? [] : toLoadRows(figures, bare);
  });
  const start = { value: startMs, goal: START_GOAL_MS, unit: "ms" };
  return [...rows, atMost("start on an existing index", start)];
}

function toLoadRows(own: LoadFigures, floor: LoadFigures): readonly Row[] {
  const at = `${own.askers} askers`;
  const rows: Row[] = [];
  const firstTokenGoal = FIRST_TOKEN_GOALS[own.askers];
  if (firstTokenGoal !== undefined) {
    rows.push(
      atMost(`first token beyond its upstreams, p50, ${at}`, {
        value: own.addedP50Ms,
        goal: firstTokenGoal,
        unit: "ms",
        note: `p99 ${own.addedP99Ms}, floor ${floor.addedP50Ms}`,
      }),
    );
  }
  if (own.askers < 128) return rows;
  return [
    ...rows,
    atLeast(`answers, ${at}`, {
      value: own.answersPerSecond,
      goal: floor.answersPerSecond,
      unit: "/s",
      note: "goal: the floor",
    }),
    atMost(`processor time an answer, ${at}`, {
      value: own.cpuMsPerAnswer,
      goal: CPU_GOAL * floor.cpuMsPerAnswer,
      unit: "ms",
      note: `floor ${floor.cpuMsPerAnswer}`,
    }),
    atMost(`peak memory, ${at}`, {
      value: own.peakRssMebibytes,
      goal: RSS_GOAL,
      unit: "MiB",
      note: `floor ${floor.peakRssMebibytes}`,
    }),
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
