/** The Worker with a stopwatch inside: what its own calls of the objects take, without the way into the runtime. */
import { waitUntil } from "cloudflare:workers";
import * as z from "zod";
import { systemClock } from "../../src/async/clock.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { toIdf } from "../../src/text/idf.ts";
import { createEdgeApp } from "../../src/worker/edge-app.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { createSource } from "./bench-data.ts";

export { CollectionObject } from "../../src/worker/durable/collection-object.ts";
export { RegistryObject } from "../../src/worker/durable/registry-object.ts";

type Env = Readonly<Record<string, unknown>>;

const Order = z.object({
  collections: z.array(z.string()),
  count: z.int(),
  seed: z.int(),
});
type Order = z.infer<typeof Order>;

const { signal } = new AbortController();
const HITS = 10;
const TIMEOUT_MS = 60_000;
const RANK_MIN = 100;

let built: Awaited<ReturnType<typeof createEdgeApp>> | undefined;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    built ??= await createEdgeApp(env, waitUntil);
    const measure = MEASURES[pathname];
    if (measure === undefined) return built.fetch(request);
    return Response.json(await measure(Order.parse(await request.json()), env));
  },
};

/** Milliseconds of a turn, a mean of a few turns each. */
type Measure = (order: Order, env: Env) => Promise<readonly number[]>;

const MEASURES: Readonly<Record<string, Measure>> = {
  "/bench/empty": async (order, env) => {
    const [snapshot] = await openAll(order, env);
    const part = { documentId: "none", from: 0, limit: 1 };
    return repeat(
      order,
      () => part,
      async () => snapshot?.rowsOf(part, signal),
    );
  },
  "/bench/vector": async (order, env) => {
    const [snapshot] = await openAll(order, env);
    const source = createSource(order.seed, snapshot?.info.dimensions ?? 0);
    return repeat(
      order,
      () => source.vector(),
      async (vector) => (snapshot === undefined ? [] : searchVector(snapshot, vector)),
    );
  },
  "/bench/keyword": async (order, env) => {
    const [snapshot] = await openAll(order, env);
    const source = createSource(order.seed, 1);
    const words = (): string => source.words(6, RANK_MIN);
    return repeat(order, words, async (text) =>
      snapshot === undefined ? [] : searchWords([snapshot], text),
    );
  },
  /** Both arms over all collections and the texts of the ten best, as a question does it. */
  "/bench/hybrid": async (order, env) => {
    const source = createSource(order.seed, (await openAll(order, env))[0]?.info.dimensions ?? 0);
    const question = () => ({ vector: source.vector(), text: source.words(6, RANK_MIN) });
    return repeat(order, question, async ({ vector, text }) => {
      const snapshots = await openAll(order, env);
      const [words, vectors] = await Promise.all([
        searchWords(snapshots, text),
        Promise.all(snapshots.map(async (snapshot) => searchVector(snapshot, vector))),
      ]);
      await Promise.all(
        snapshots.map(async (snapshot, index) => {
          const hits = [...(words[index] ?? []), ...(vectors[index] ?? [])];
          await snapshot.take([...new Set(hits.map(({ row }) => row))].slice(0, HITS), signal);
        }),
      );
    });
  },
  /** The whole of `/v1/search`, from the request to the last byte of its answer. */
  "/bench/search": async (order) => {
    const { collections, seed } = order;
    const source = createSource(seed, 1);
    const ask = (): string => `What is said of ${source.words(4, RANK_MIN)}?`;
    return repeat(order, ask, async (question) => {
      const request = new Request("http://worker.invalid/v1/search", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ question, collections }),
      });
      const response = await built?.fetch(request);
      const text = await response?.text();
      if (response?.status !== 200) throw new Error(`a search failed: ${text ?? ""}`);
    });
  },
};

let store: ReturnType<typeof createDurableStore> | undefined;

async function openAll({ collections }: Order, env: Env): Promise<readonly Snapshot[]> {
  const bindings = { registry: env["REGISTRY"], collections: env["COLLECTIONS"] };
  store ??= createDurableStore({
    ...(bindings as ObjectBindings),
    freshnessMs: 1_000,
    clock: systemClock,
  });
  const opened = store;
  return Promise.all(collections.map(async (name) => opened.open(name, signal)));
}

async function searchVector(snapshot: Snapshot, vector: Float32Array) {
  return snapshot.search({ type: "vector", vector, limit: HITS, timeoutMs: TIMEOUT_MS }, signal);
}

async function searchWords(snapshots: readonly Snapshot[], text: string) {
  const counted = await Promise.all(snapshots.map(async (one) => one.terms(text, signal)));
  const all = counted.reduce((sum, { chunks }) => sum + chunks, 0);
  const sumOf = (term: string): number =>
    counted.reduce((sum, { frequencies }) => sum + (frequencies.get(term) ?? 0), 0);
  return Promise.all(
    snapshots.map(async (snapshot, index) => {
      const terms = [...(counted[index]?.frequencies ?? [])]
        .filter(([, count]) => count > 0)
        .map(([term]) => ({ term, idf: toIdf(sumOf(term), all) }));
      if (terms.length === 0) return [];
      const query = { type: "keyword", terms, limit: HITS, timeoutMs: TIMEOUT_MS } as const;
      return snapshot.search(query, signal);
    }),
  );
}

/** The runtime's clock shows whole milliseconds, so a few turns are timed together; questions are made beforehand. */
const TURNS = 5;

async function repeat<T>(
  { count }: Order,
  make: () => T,
  work: (input: T) => Promise<unknown>,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let done = 0; done < count; done += TURNS) {
    const inputs = Array.from({ length: TURNS }, make);
    const startMs = performance.now();
    for (const input of inputs) await work(input);
    times.push((performance.now() - startMs) / TURNS);
  }
  return times;
}
