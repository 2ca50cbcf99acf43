/** What the Worker's objects can do, in their runtime on this machine: `node scripts/bench-edge.ts [chunks]`. */
import { createTestHarness } from "wrangler";
import { createEdgeTarget } from "../ingest/push/edge-target.ts";
import { pushCollection } from "../ingest/push/push-collection.ts";
import { systemClock } from "../src/async/clock.ts";
import type { CollectionSpec } from "../src/domain/collection.ts";
import type { DocumentWrite, Snapshot } from "../src/stores/store.ts";
import { createDurableStore } from "../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../src/worker/durable/objects.ts";

const DIMENSIONS = 384;
const WORDS = 20_000;
const CHUNK_WORDS = 120;
const QUERIES = 100;
const TOKEN = "a-token-for-the-bench";
const { signal } = new AbortController();
const all = Number(process.argv[2] ?? 20_000);

process.env["WRANGLER_SEND_METRICS"] = "false";
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
const harness = createTestHarness({
  workers: [{ configPath: "./wrangler.toml", vars: { AUTH: "off", ADMIN_TOKEN: TOKEN } }],
});
try {
  const { url } = await harness.listen();
  const env = (await harness.getWorker().getEnv()) as Record<string, unknown>;
  await bench(url.origin, {
    registry: env["REGISTRY"],
    collections: env["COLLECTIONS"],
  } as ObjectBindings);
} finally {
  await harness.close();
}

async function bench(url: string, bindings: ObjectBindings): Promise<void> {
  const random = createRandom(7);
  const documents = Array.from({ length: all }, (_, index) => toDocument(index, random));
  const spec: CollectionSpec = {
    name: "bench",
    embedder: "bench:384",
    dimensions: DIMENSIONS,
    chunker: "whole",
    language: "english",
    tokenizer: "words",
    metadata: {},
  };
  const key = `bench-${all}-chunks`;
  const target = createEdgeTarget({
    url,
    token: TOKEN,
    clock: systemClock,
    collection: "bench",
    key,
  });
  const source = {
    key,
    info: { ...spec, version: 1, documents: all, chunks: all },
    async *documents() {
      yield* documents;
    },
  };
  const pushMs = await time(() => pushCollection(source, target, signal));
  say("push", `${Math.round((all / pushMs) * 1_000)} chunks/s, ${all} chunks`);

  const store = createDurableStore({
    ...bindings,
    freshnessMs: 60_000,
    clock: systemClock,
  });
  const snapshot = await store.open("bench", signal);
  const queries = Array.from({ length: QUERIES }, () => toVector(random));
  const search = async (vector: Float32Array) =>
    snapshot.search({ type: "vector", vector, limit: 10, timeoutMs: 60_000 }, signal);
  const first = queries[0] ?? new Float32Array();
  say(
    "first vector search, blocks read into memory",
    `${(await time(() => search(first))).toFixed(1)} ms`,
  );
  // The way from this process into the runtime costs the same for every call; a Worker does not go it.
  const floor = await percentiles(queries, () =>
    snapshot.rowsOf({ documentId: "none", from: 0, limit: 1 }, signal),
  );
  say("an empty call from here", floor);
  say("vector search, 10 hits", await percentiles(queries, search));
  for (const [what, rankMin] of [
    ["of any frequency", 0],
    ["without the 100 most frequent", 100],
  ] as const) {
    const texts = queries.map(() => toWords(random, 6, rankMin));
    const figure = await percentiles(texts, (text) => keyword(snapshot, text));
    say(`keyword search (2 calls), 6 words ${what}`, figure);
  }
  say(
    "overlap with exact search, top 10",
    (await overlap(snapshot, documents, queries)).toFixed(4),
  );
}

async function keyword(snapshot: Snapshot, text: string): Promise<unknown> {
  const { frequencies } = await snapshot.terms(text, signal);
  const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
  return snapshot.search({ type: "keyword", terms, limit: 10, timeoutMs: 60_000 }, signal);
}

/** Share of the ten nearest by exact cosine that are among the ten found. */
async function overlap(
  snapshot: Snapshot,
  documents: readonly DocumentWrite[],
  queries: readonly Float32Array[],
): Promise<number> {
  let shared = 0;
  for (const vector of queries) {
    const exact = documents
      .map(({ id, chunks }) => ({ id, score: dot(vector, chunks[0]?.vector ?? vector) }))
      .toSorted((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ id }) => id);
    const hits = await snapshot.search(
      { type: "vector", vector, limit: 10, timeoutMs: 60_000 },
      signal,
    );
    const chunks = await snapshot.take(
      hits.map(({ row }) => row),
      signal,
    );
    shared += chunks.filter((chunk) => exact.includes(chunk?.documentId ?? "")).length;
  }
  return shared / (queries.length * 10);
}

function toDocument(index: number, random: () => number): DocumentWrite {
  const id = `d${index}`;
  const text = Array.from({ length: CHUNK_WORDS }, () => toWord(random)).join(" ");
  const chunk = {
    id: `${id}#0`,
    documentId: id,
    position: 0,
    title: id,
    location: { headings: [] },
    start: 0,
    end: text.length,
    text,
    metadata: {},
  };
  return {
    id,
    title: id,
    source: id,
    hash: id,
    metadata: {},
    chunks: [{ chunk, vector: toVector(random) }],
  };
}

/** In a Zipf-like distribution. */
function toWord(random: () => number): string {
  return `w${Math.floor(WORDS ** random())}x`;
}

/** So many words, none more frequent than the one of this rank: stop words are left out of questions. */
function toWords(random: () => number, count: number, rankMin: number): string {
  const words: string[] = [];
  while (words.length < count) {
    const word = toWord(random);
    if (Number(word.slice(1, -1)) > rankMin) words.push(word);
  }
  return words.join(" ");
}

/** Of any direction: the worst case for vectors of few bits. */
function toVector(random: () => number): Float32Array {
  const values = Float32Array.from(
    { length: DIMENSIONS },
    () => random() + random() + random() - 1.5,
  );
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

async function percentiles<T>(
  inputs: readonly T[],
  work: (input: T) => Promise<unknown>,
): Promise<string> {
  const times: number[] = [];
  for (const input of inputs) times.push(await time(() => work(input)));
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

function say(what: string, figure: string): void {
  console.log(`${what.padEnd(66)} ${figure}`);
}

/** Marsaglia's xorshift, for data that is the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
