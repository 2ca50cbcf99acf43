/** Objects in their runtime: how fast they are filled and searched, alone and as a collection of several. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { createTestHarness } from "wrangler";
import { createEdgeTarget, type PushTarget } from "../../ingest/push/edge-target.ts";
import { pushCollection } from "../../ingest/push/push-collection.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { atLeast, atMost, type Row, toReport } from "../bench-row.ts";
import { toQuantile } from "../to-quantile.ts";
import { createSource } from "./bench-data.ts";
import { workerCpuMs } from "./processes.ts";

const TOKEN = "a-token-for-the-bench";
const DIMENSIONS = 384;
const TURNS = 200;
const QUERIES = 50;
/** Compared without a rest: far less than a second of work. */
const TURN_CHUNKS = 100;
const { signal } = new AbortController();

interface Edge extends AsyncDisposable {
  readonly url: string;
  objects(): Promise<ObjectBindings>;
}

async function startEdge(): Promise<Edge> {
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  const vars = { AUTH: "off", ADMIN_TOKEN: TOKEN, SEARCH_TIMEOUT_MS: "20000" };
  const classes = ["CollectionObject", "RegistryObject"] as const;
  const harness = createTestHarness({
    workers: [
      {
        config: {
          name: "tributary-bench",
          main: "scripts/edge/bench-worker.ts",
          compatibility_date: "2026-11-01",
          compatibility_flags: ["enable_request_signal", "nodejs_als"],
          minify: true,
          vars: { STORE: "durable-objects", ...vars },
          assets: {
            directory: "data",
            html_handling: "none",
            binding: "ASSETS",
            run_worker_first: true,
          },
          durable_objects: {
            bindings: [
              { name: "COLLECTIONS", class_name: classes[0] },
              { name: "REGISTRY", class_name: classes[1] },
            ],
          },
          exports: Object.fromEntries(
            classes.map((name) => [name, { type: "durable-object", storage: "sqlite" }] as const),
          ),
        },
      },
    ],
  });
  const { url } = await harness.listen();
  return {
    url: url.origin,
    async objects() {
      const env = (await harness.getWorker().getEnv()) as Record<string, unknown>;
      return { registry: env["REGISTRY"], collections: env["COLLECTIONS"] } as ObjectBindings;
    },
    [Symbol.asyncDispose]: async () => harness.close(),
  };
}

interface Pushed {
  readonly name: string;
  readonly chunks: number;
  readonly dimensions?: number;
  readonly embedder?: string;
  /** In one object, however many there are. */
  readonly isAlone?: boolean;
}

/** Chunks a second. */
async function push(edge: Edge, pushed: Pushed): Promise<number> {
  const { name, chunks, dimensions = DIMENSIONS, embedder = "bench:384", isAlone } = pushed;
  const source = createSource(7, dimensions);
  const key = `bench-${name}-${chunks}`;
  const whole = { url: edge.url, token: TOKEN, clock: systemClock, collection: name, key };
  const target = createEdgeTarget(whole);
  const alone: PushTarget = {
    ...target,
    begin: async (info, signal) => target.begin({ ...info, chunks: 0 }, signal),
  };
  const spec = { name, embedder, dimensions, chunker: "whole", language: "english" };
  const info = { ...spec, tokenizer: "words", metadata: {} } as const;
  const startMs = performance.now();
  await pushCollection(
    {
      key,
      info: { ...info, version: 1, documents: chunks, chunks },
      async *documents() {
        for (let index = 0; index < chunks; index += 1) yield source.document(index);
      },
    },
    isAlone === true ? alone : target,
    signal,
  );
  return (chunks / (performance.now() - startMs)) * 1_000;
}

interface Measured {
  readonly p50: number;
  /** What stands behind a figure. */
  readonly note: string;
}

/** The median of a call made in the Worker, and what the runtime takes of the processor for each. */
async function measure(
  edge: Edge,
  what: string,
  collections: readonly string[],
): Promise<Measured> {
  const call = async (count: number, seed: number): Promise<readonly number[]> => {
    const body = JSON.stringify({ collections, count, seed });
    const response = await fetch(`${edge.url}/bench/${what}`, { method: "POST", body });
    if (!response.ok) throw new Error(`/bench/${what} answered ${response.status}`);
    return (await response.json()) as number[];
  };
  await call(TURNS / 4, 1);
  const beforeMs = workerCpuMs(process.pid);
  const times = await call(TURNS, 2);
  const cpuMs = (workerCpuMs(process.pid) - beforeMs) / TURNS;
  const p50 = toQuantile(times, 0.5);
  return {
    p50,
    note: `fastest ${toQuantile(times, 0)}, p95 ${toQuantile(times, 0.95)}; processor ${cpuMs.toFixed(1)}`,
  };
}

/** One collection of so many chunks, alone in an object and, where it is larger than that, as it is spread. */
export async function benchObjects(chunks: number, vectorGoalMs: number): Promise<readonly Row[]> {
  await using edge = await startEdge();
  const rate = await push(edge, { name: "alone", chunks, isAlone: true });
  const rows: Row[] = [
    atLeast(`push, ${chunks} chunks`, { value: rate, goal: 1_500, unit: "chunks/s" }),
  ];
  const objects = await edge.objects();
  const store = createDurableStore({ ...objects, freshnessMs: 60_000, clock: systemClock });
  const first = await store.open("alone", signal);
  rows.push(await timeFirst(first, chunks));
  const empty = await measure(edge, "empty", ["alone"]);
  rows.push(toReport("an empty call of an object", empty.p50, "ms", empty.note));
  const vector = await measure(edge, "vector", ["alone"]);
  const figure = { value: vector.p50, goal: vectorGoalMs, unit: "ms", note: vector.note };
  rows.push(atMost(`vector search in an object, ${chunks} × ${DIMENSIONS}, p50`, figure));
  const words = await measure(edge, "keyword", ["alone"]);
  rows.push(
    toReport(`keyword search, two calls, ${chunks} chunks, p50`, words.p50, "ms", words.note),
  );
  const shared = await overlap(first, chunks);
  const agreement = { value: shared, goal: 0.98, unit: "" };
  rows.push(atLeast("overlap with exact search, top 10", agreement));
  return rows;
}

/** The same collection as it is spread by default. */
export async function benchSpread(chunks: number): Promise<readonly Row[]> {
  await using edge = await startEdge();
  const rate = await push(edge, { name: "spread", chunks });
  const objects = await edge.objects();
  const entries = await objects.registry.get(objects.registry.idFromName("registry")).entries();
  const behind = "value" in entries ? (entries.value[0]?.current ?? "") : "";
  const vector = await measure(edge, "vector", ["spread"]);
  const words = await measure(edge, "keyword", ["spread"]);
  return [
    toReport(`push, ${chunks} chunks over several objects (${behind})`, rate, "chunks/s"),
    toReport(`vector search over them, p50`, vector.p50, "ms", vector.note),
    toReport(`keyword search over them, p50`, words.p50, "ms", words.note),
  ];
}

async function timeFirst(snapshot: Snapshot, chunks: number): Promise<Row> {
  const vector = createSource(1, DIMENSIONS).vector();
  const startMs = performance.now();
  await snapshot.search({ type: "vector", vector, limit: 10, timeoutMs: 60_000 }, signal);
  const what = `first vector search, ${chunks} vectors read into memory`;
  return toReport(what, performance.now() - startMs, "ms");
}

/** Three collections, 34,000 chunks at full size: both arms as the Worker asks them, and all of `/v1/search`. */
export async function benchHybrid(size: number): Promise<readonly Row[]> {
  await using edge = await startEdge();
  const table = await loadStaticTable();
  const { dimensions } = table;
  const { id } = createStaticEmbedder(table);
  const sizes = [20_000, 10_000, 4_000].map((chunks) => Math.ceil(chunks * size));
  const all = sizes.reduce((sum, chunks) => sum + chunks, 0);
  const names = (kind: string): string[] => sizes.map((_, index) => `${kind}-${index}`);
  for (const [index, chunks] of sizes.entries()) {
    await push(edge, { name: `plain-${index}`, chunks });
    await push(edge, { name: `known-${index}`, chunks, embedder: id, dimensions });
  }
  const hybrid = await measure(edge, "hybrid", names("plain"));
  const search = await measure(edge, "search", names("known"));
  const of = `3 collections, ${all} chunks`;
  return [
    atMost(`hybrid over ${of} of ${DIMENSIONS} dimensions, from the Worker, p50`, {
      value: hybrid.p50,
      goal: 15,
      unit: "ms",
      note: hybrid.note,
    }),
    toReport(
      `/v1/search over ${of} of ${dimensions} dimensions, p50`,
      search.p50,
      "ms",
      search.note,
    ),
  ];
}

/** Share of the ten nearest by exact cosine that are among the ten found. */
async function overlap(snapshot: Snapshot, chunks: number): Promise<number> {
  const source = createSource(7, DIMENSIONS);
  const queries = createSource(11, DIMENSIONS);
  const asked = Array.from({ length: QUERIES }, () => ({
    vector: queries.vector(),
    best: [] as { readonly id: string; readonly score: number }[],
  }));
  for (let index = 0; index < chunks; index += 1) {
    // The runtime closes a connection that is idle for long, and a loop that never rests would send its next call on it.
    if (index % TURN_CHUNKS === 0) await nextTurn();
    const { id, chunks: parts } = source.document(index);
    for (const one of asked) keepBest(one.best, id, dot(one.vector, parts[0]?.vector));
  }
  let shared = 0;
  for (const { vector, best } of asked) {
    const query = { type: "vector", vector, limit: 10, timeoutMs: 60_000 } as const;
    const hits = await snapshot.search(query, signal);
    const rows = hits.map(({ row }) => row);
    const found = new Set((await snapshot.take(rows, signal)).map((chunk) => chunk?.documentId));
    shared += best.filter(({ id }) => found.has(id)).length;
  }
  return shared / (QUERIES * 10);
}

function keepBest(best: { id: string; score: number }[], id: string, score: number): void {
  if (best.length === 10 && score <= (best[9]?.score ?? 0)) return;
  best.push({ id, score });
  best.sort((a, b) => b.score - a.score);
  best.length = Math.min(best.length, 10);
}

function dot(a: Float32Array, b: Float32Array | undefined): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b?.[index] ?? 0);
  return sum;
}
