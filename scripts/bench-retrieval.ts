/** Measures retrieval on the real store: 8 legs over 4 collections, then the texts, alone and with 32 askers. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import { createSource, loadCollection, type Source } from "./bench-data.ts";
import { askNaively, askStore, connectNaively } from "./bench-retrieval-ask.ts";
import { readCommandLine } from "./command-line.ts";
import { toQuantile } from "./to-quantile.ts";

const COLLECTIONS = ["north", "east", "south", "west"];
const CHUNKS_EACH = 25_000;
const WARMUP = 30;
const ASKS_ALONE = 300;
const ASKERS = 32;
const ASKS_TOGETHER = 960;

export interface RetrievalBench {
  readonly ours: Measurement;
  readonly naive: Measurement;
  readonly loadMs: number;
}

export interface Measurement {
  /** One asker after the other. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecondAlone: number;
  readonly perSecondTogether: number;
  readonly p99MsTogether: number;
  readonly errors: number;
  /** Highest resident size of a process that does nothing else. */
  readonly peakMiB: number;
}

interface Row {
  readonly what: string;
  readonly figure: string;
  readonly goal: string;
  readonly naive: string;
  readonly met: boolean;
}

/** Loads the collections into a temporary folder and measures each way of asking in a process of its own. */
export async function benchRetrieval(): Promise<RetrievalBench> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-"));
  try {
    const started = performance.now();
    await measureInChild<null>(["--load", folder]);
    const loadMs = performance.now() - started;
    const naive = await measureInChild<Measurement>(["--measure", folder, "--way", "naive"]);
    const ours = await measureInChild<Measurement>(["--measure", folder, "--way", "ours"]);
    return { ours, naive, loadMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The figures beside their goals. */
export function toRows({ ours, naive }: RetrievalBench): readonly Row[] {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const rate = (value: number): string => `${value.toFixed(0)} /s`;
  return [
    {
      what: "retrieval, 8 legs and 30 texts, p50",
      figure: ms(ours.p50Ms),
      goal: "≤ 15 ms",
      naive: ms(naive.p50Ms),
      met: ours.p50Ms <= 15,
    },
    {
      what: "the same, p99",
      figure: ms(ours.p99Ms),
      goal: "≤ 40 ms",
      naive: ms(naive.p99Ms),
      met: ours.p99Ms <= 40,
    },
    {
      what: `${ASKERS} askers, errors`,
      figure: String(ours.errors),
      goal: "0",
      naive: String(naive.errors),
      met: ours.errors === 0,
    },
    {
      what: `${ASKERS} askers, peak memory`,
      figure: `${ours.peakMiB.toFixed(0)} MiB`,
      goal: "≤ 700 MiB",
      naive: `${naive.peakMiB.toFixed(0)} MiB`,
      met: ours.peakMiB <= 700,
    },
    {
      what: `${ASKERS} askers, throughput`,
      figure: rate(ours.perSecondTogether),
      goal: `≥ ${rate(ours.perSecondAlone)} (one asker)`,
      naive: rate(naive.perSecondTogether),
      met: ours.perSecondTogether >= ours.perSecondAlone,
    },
  ];
}

async function measureInChild<T>(args: readonly string[]): Promise<T> {
  const file = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args]);
  return JSON.parse(stdout) as T;
}

async function load(folder: string): Promise<void> {
  const store = await openStore(folder);
  for (const [index, name] of COLLECTIONS.entries()) {
    await loadCollection(store, name, { chunks: CHUNKS_EACH, seed: index + 1 });
  }
}

async function openStore(folder: string) {
  return createLanceStore({ uri: folder, config: parseConfig(process.env), clock: systemClock });
}

async function measure(folder: string, way: string): Promise<Measurement> {
  const ask = await openWay(folder, way);
  const questions = COLLECTIONS.map((_, index) => createSource(index + 1));
  let asked = 0;
  const next = (): Promise<void> => {
    asked += 1;
    const source = questions[asked % questions.length] as Source;
    return ask(source.words(6), source.vector());
  };
  for (let index = 0; index < WARMUP; index += 1) await next();

  const alone: number[] = [];
  const aloneStart = performance.now();
  for (let index = 0; index < ASKS_ALONE; index += 1) alone.push(await timed(next));
  const aloneMs = performance.now() - aloneStart;

  const together: number[] = [];
  let errors = 0;
  let left = ASKS_TOGETHER;
  const asker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      try {
        together.push(await timed(next));
      } catch {
        errors += 1; // what this row of the table is about
      }
    }
  };
  const togetherStart = performance.now();
  await Promise.all(Array.from({ length: ASKERS }, asker));
  const togetherMs = performance.now() - togetherStart;
  return {
    p50Ms: toQuantile(alone, 0.5),
    p99Ms: toQuantile(alone, 0.99),
    perSecondAlone: (ASKS_ALONE / aloneMs) * 1_000,
    perSecondTogether: (together.length / togetherMs) * 1_000,
    p99MsTogether: toQuantile(together, 0.99),
    errors,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
  };
}

async function openWay(
  folder: string,
  way: string,
): Promise<(text: string, vector: Float32Array) => Promise<void>> {
  if (way === "naive") {
    const tables = await connectNaively(folder, COLLECTIONS);
    return (text, vector) => askNaively(tables, text, vector);
  }
  const store = await openStore(folder);
  return (text, vector) => askStore(store, COLLECTIONS, text, vector);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function print(bench: RetrievalBench): void {
  console.log(
    `${COLLECTIONS.length} × ${CHUNKS_EACH} chunks, loaded in ${bench.loadMs.toFixed(0)} ms`,
  );
  console.table(toRows(bench).map(({ met, ...row }) => ({ ...row, met: met ? "yes" : "NO" })));
}

if (import.meta.main) {
  const { values } = readCommandLine("node scripts/bench-retrieval.ts [--json]", {
    json: { type: "boolean", default: false },
    load: { type: "string" },
    measure: { type: "string" },
    way: { type: "string", default: "ours" },
  });
  if (values.load !== undefined) {
    await load(values.load);
    console.log("null");
  } else if (values.measure !== undefined) {
    console.log(JSON.stringify(await measure(values.measure, values.way)));
  } else {
    const bench = await benchRetrieval();
    if (values.json) console.log(JSON.stringify({ ...bench, rows: toRows(bench) }));
    else print(bench);
  }
}
