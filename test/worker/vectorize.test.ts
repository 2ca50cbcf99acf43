/** Vectors in an index of Vectorize beside an object, against a fake that follows the documented shapes. */
import { describe, expect, test } from "vitest";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import type {
  DocumentPart,
  DocumentState,
  DocumentWrite,
  Snapshot,
  StoreQuery,
} from "../../src/stores/store.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createVectorize } from "../../src/worker/vectorize.ts";
import { createIndexCalls, type VectorizeBinding } from "../../src/worker/vectorize-calls.ts";
import { DIMENSIONS, spec, toDocument, toVector } from "../conformance/store-data.ts";
import { createFakeClock, type FakeClock, settle } from "../support/fake-clock.ts";
import { createFakeIndex, type FakeIndexOptions } from "./fake-vectorize.ts";

const OBJECT = "guide@7";
const NOW = 1_000_000_000;
const ago = (ms: number): { readonly committedAtMs?: number } => ({ committedAtMs: NOW - ms });
const LONG_AGO = ago(3_600_000);
const { signal: open } = new AbortController();
const ask = (limit = 3): StoreQuery & { type: "vector" } => ({
  type: "vector",
  vector: toVector(1),
  limit,
  timeoutMs: 1_000,
});

const never = (what: string) => () => {
  throw new Error(`${what} was not expected`);
};

/** What an object tells of these documents. Its own search gives one row that no index knows. */
function makeSnapshot(documents: readonly DocumentWrite[], condition = LONG_AGO) {
  const searched: StoreQuery[] = [];
  const read: Omit<DocumentPart, "documentId">[] = [];
  const chunks = documents.reduce((sum, { chunks: all }) => sum + all.length, 0);
  const snapshot: Snapshot = {
    info: { ...spec, version: 3, documents: documents.length, chunks },
    terms: never("terms"),
    take: never("take"),
    documents: never("documents"),
    async search(query) {
      searched.push(query);
      return [{ row: "the object's", score: 1 }];
    },
    async rowsOf({ documentId, from, limit }) {
      read.push({ from, limit });
      const all = documents.find(({ id }) => id === documentId)?.chunks ?? [];
      return all.slice(from, from + limit).map(({ chunk }) => `row ${chunk.id}`);
    },
    condition: async () => condition,
  };
  return { snapshot, searched, read };
}

const DOCUMENTS = [
  toDocument("a", ["one", "two", "three"], { seeds: [0, 1, 2] }),
  toDocument("b", ["four", "five"], { seeds: [3, null] }),
  toDocument("ü/c", ["six"], { seeds: [1.1] }),
];

async function* statesOf(documents: readonly DocumentWrite[]): AsyncGenerator<DocumentState> {
  yield* documents.map(({ chunks, ...state }) => ({ ...state, chunks: chunks.length }));
}

function setUp(options: Partial<FakeIndexOptions> = {}, change: Partial<VectorizeBinding> = {}) {
  const fake = createFakeIndex({ dimensions: DIMENSIONS, ...options });
  const clock = createFakeClock();
  // The clock runs on while digests are made, which take a time of their own: no breaker may try again meanwhile.
  const config = parseConfig({
    ATTEMPTS_MAX: "3",
    BREAKER_OPEN_MS: "3600000",
    BREAKER_WINDOW_MS: "3600000",
  });
  const upstreams = createUpstreamRegistry();
  const policy = { config, clock, upstreams, random: () => 0 };
  const call = createIndexCalls({ ...fake.binding, ...change }, policy);
  const events: string[] = [];
  const log = { ...silentLog, error: (event: string) => void events.push(event) };
  const collections = new Set(["guide"]);
  const source = createVectorize({ call, collections, log, wallMs: () => NOW, concurrency: 2 });
  return { ...fake, source, clock, events, upstreams };
}

/** Digests are made beside the fake clock, so time goes on until the work is done. */
async function finish<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  const progress = { isDone: false };
  const settle = (): void => void (progress.isDone = true);
  work.then(settle, settle);
  while (!progress.isDone) {
    await clock.advance(20);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (thrown: unknown) => toAppError(thrown).code,
  );

describe("a vector leg", () => {
  test("is answered by the index, with the object's rows, best first", async () => {
    const { source, calls } = setUp();
    await source.put(OBJECT, DOCUMENTS, open);
    const { snapshot, searched, read } = makeSnapshot(DOCUMENTS);
    const hits = await source.wrap(snapshot, OBJECT).search(ask(), open);
    expect(hits.map(({ row }) => row)).toEqual(["row a#1", "row ü/c#0", "row a#2"]);
    expect(hits[0]?.score).toBeCloseTo(1, 5);
    expect([searched, calls]).toEqual([[], ["upsert 5", "query"]]);
    expect(read).toEqual([
      { from: 1, limit: 2 },
      { from: 0, limit: 1 },
    ]);
  });

  test.each<readonly [string, number, number, typeof LONG_AGO]>([
    ["as many hits as an index brings", 150, 100, LONG_AGO],
    ["more hits than there are chunks", 7, 50, LONG_AGO],
    ["what was pushed two minutes ago", 7, 3, ago(120_000)],
  ])("is answered by it: %s", async (_, count, limit, condition) => {
    const { source } = setUp();
    const documents = [toDocument("a", Array.from({ length: count }, String))];
    await source.put(OBJECT, documents, open);
    const { snapshot, searched } = makeSnapshot(documents, condition);
    const hits = await source.wrap(snapshot, OBJECT).search(ask(limit), open);
    expect([hits.length, searched]).toEqual([Math.min(count, limit), []]);
  });

  test("has the best first although the index has not, and scores a little above those of a cosine", async () => {
    const matches = [0.5, 1.04].map((score, position) => ({
      id: "x",
      score,
      metadata: { document: "a", position },
    }));
    const { source } = setUp({}, { query: async () => ({ matches }) });
    const { snapshot } = makeSnapshot(DOCUMENTS);
    const hits = await source.wrap(snapshot, OBJECT).search(ask(2), open);
    expect(hits).toEqual([
      { row: "row a#1", score: 1.04 },
      { row: "row a#0", score: 0.5 },
    ]);
  });

  test("knows nothing of what another object holds", async () => {
    const { source } = setUp();
    await source.put("guide@6", [toDocument("a", ["old"], { seeds: [1] })], open);
    await source.put(OBJECT, DOCUMENTS, open);
    const { snapshot } = makeSnapshot(DOCUMENTS);
    const hits = await source.wrap(snapshot, OBJECT).search(ask(), open);
    expect(hits.map(({ row }) => row)).toEqual(["row a#1", "row ü/c#0", "row a#2"]);
  });
});

describe("the object answers by itself", () => {
  const filter = { field: "documentId", op: "eq", value: "a" } as const;
  const words: StoreQuery = { type: "keyword", terms: [], limit: 3, timeoutMs: 1_000 };
  test.each<readonly [string, StoreQuery, typeof LONG_AGO]>([
    ["words", words, LONG_AGO],
    ["a question with a filter", { ...ask(), filter }, LONG_AGO],
    ["more hits than an index brings", ask(101), LONG_AGO],
    ["what was pushed less than two minutes ago", ask(), ago(119_999)],
    ["what was pushed nobody knows when", ask(), {}],
  ])("%s", async (_, query, condition) => {
    const { source, calls } = setUp();
    await source.put(OBJECT, DOCUMENTS, open);
    const { snapshot, searched } = makeSnapshot(DOCUMENTS, condition);
    const [hit] = await source.wrap(snapshot, OBJECT).search(query, open);
    expect(hit?.row).toBe("the object's");
    expect([searched, calls.includes("query")]).toEqual([[query], false]);
  });

  test("when the index has only a part, or nothing", async () => {
    for (const part of [[], DOCUMENTS.slice(1)]) {
      const { source } = setUp();
      await source.put(OBJECT, part, open);
      const { snapshot, searched } = makeSnapshot(DOCUMENTS);
      await source.wrap(snapshot, OBJECT).search(ask(6), open);
      expect(searched).toHaveLength(1);
    }
  });

  test("when the index has what the object does not know", async () => {
    const { source } = setUp();
    await source.put(OBJECT, [...DOCUMENTS, toDocument("gone", ["x"], { seeds: [1] })], open);
    const { snapshot, searched } = makeSnapshot(DOCUMENTS);
    await source.wrap(snapshot, OBJECT).search(ask(), open);
    expect(searched).toHaveLength(1);
  });

  test("for collections that no setting names, which are not written there either", async () => {
    const { source, calls } = setUp();
    const { snapshot } = makeSnapshot(DOCUMENTS);
    const other = { ...snapshot, info: { ...snapshot.info, name: "faq" } };
    expect(source.wrap(other, "faq@1")).toBe(other);
    await source.put("faq@1", DOCUMENTS, open);
    await source.check({ ...spec, name: "faq", dimensions: 3 }, open);
    expect(await source.remove("faq@1", statesOf(DOCUMENTS), open)).toBe(true);
    expect(calls).toEqual([]);
  });
});

describe("writing", () => {
  test("goes in batches of a thousand, and may be repeated", async () => {
    const { source, calls, vectors } = setUp();
    const texts = Array.from({ length: 1_200 }, (_, index) => `text ${index}`);
    const large = [toDocument("large", texts)];
    await source.put(OBJECT, large, open);
    await source.put(OBJECT, large, open);
    expect(calls).toEqual(["upsert 1000", "upsert 200", "upsert 1000", "upsert 200"]);
    expect(vectors.size).toBe(1_200);
  });

  test("keeps names within the limits, however long the collection's is", async () => {
    const { source, vectors } = setUp();
    const long = `guide@${"9".repeat(80)}`;
    await source.put(long, [toDocument("d".repeat(64), ["x"])], open);
    expect(vectors.size).toBe(1);
  });

  test("refuses a document whose id is cut there", async () => {
    const { source, calls } = setUp();
    const refused = source.put(OBJECT, [toDocument(`${"ü".repeat(32)}x`, ["x"])], open);
    await expect(refused).rejects.toMatchObject({ code: "invalid_request" });
    await expect(refused).rejects.toThrow("VECTORIZE_COLLECTIONS");
    expect(calls).toEqual([]);
  });

  test("removes all of an object in batches, and says when it failed", async () => {
    const { source, vectors, calls } = setUp();
    const documents = [toDocument("a", Array.from({ length: 150 }, String)), DOCUMENTS[1]];
    const written = documents.flatMap((document) => document ?? []);
    await source.put(OBJECT, written, open);
    await source.put("guide@8", DOCUMENTS, open);
    expect(await source.remove(OBJECT, statesOf(written), open)).toBe(true);
    expect(vectors.size).toBe(5);
    expect(calls.slice(2)).toEqual(["delete 100", "delete 52"]);

    const broken = setUp({}, { deleteByIds: () => Promise.reject(new Error("no")) });
    const removed = broken.source.remove(OBJECT, statesOf(DOCUMENTS), open);
    await finish(broken.clock, removed);
    expect(await removed).toBe(false);
    expect(broken.events).toEqual(["vectorize-leftover"]);
  });
});

describe("what is written", () => {
  test("is removed by no more calls at once than there may be", async () => {
    let running = 0;
    let most = 0;
    const deleteByIds = async () => {
      most = Math.max(most, (running += 1));
      await settle();
      running -= 1;
      return { mutationId: "m" };
    };
    const { source } = setUp({}, { deleteByIds });
    const states = statesOf([toDocument("a", Array.from({ length: 900 }, String))]);
    expect(await source.remove(OBJECT, states, open)).toBe(true);
    expect(most).toBe(2);
  });

  test("waits for an index that hangs, and not for ever", async () => {
    const { source, clock } = setUp({}, { upsert: () => new Promise(() => undefined) });
    const failed = source
      .put(OBJECT, DOCUMENTS, open)
      .catch((thrown: unknown) => toAppError(thrown));
    expect(await finish(clock, failed)).toMatchObject({
      code: "upstream_stalled",
      detail: "the index VECTORIZE did not answer within 15000 ms",
    });
    expect(clock.pending).toBe(0);
  });
});

describe("an index that is not as it must be", () => {
  test.each<readonly [string, Partial<FakeIndexOptions>, string, string]>([
    ["of other dimensions", { dimensions: 9 }, "embedder_mismatch", "VECTORIZE_COLLECTIONS"],
    ["of another metric", { metric: "euclidean" }, "upstream_config", "cosine"],
  ])("%s is told before anything is pushed", async (_, options, code, words) => {
    const error = toAppError(
      await setUp(options)
        .source.check(spec, open)
        .catch((e: unknown) => e),
    );
    expect([error.code, error.detail]).toEqual([code, expect.stringContaining(words)]);
  });

  test("one that fits is taken, whether it names its metric or not", async () => {
    for (const options of [{}, { metric: "cosine" }]) {
      await expect(setUp(options).source.check(spec, open)).resolves.toBeUndefined();
    }
  });

  test("without its metadata indexes says which", async () => {
    for (const indexed of [[], ["document"]]) {
      const { source } = setUp({ indexed });
      await source.put(OBJECT, DOCUMENTS, open);
      const { snapshot } = makeSnapshot(DOCUMENTS);
      const found = source.wrap(snapshot, OBJECT).search(ask(), open);
      await expect(found).rejects.toMatchObject({ code: "upstream_config" });
      await expect(found).rejects.toThrow("document and position");
    }
  });
});

describe("calls that fail", () => {
  const search = (source: ReturnType<typeof setUp>["source"], signal = open) =>
    source.wrap(makeSnapshot(DOCUMENTS).snapshot, OBJECT).search(ask(), signal);
  const place = { document: "a", position: 0 };
  const rejects = (message: string) => () => Promise.reject(new Error(message));

  test.each<readonly [string, VectorizeBinding["query"], string]>([
    ["a refusal", rejects("VECTOR_QUERY_ERROR: Status + 403"), "upstream_config"],
    ["too many requests", rejects("VECTOR_QUERY_ERROR: Status + 429"), "upstream_rate_limited"],
    ["a code", rejects("VECTOR_QUERY_ERROR (code = 50001): secret"), "upstream_unavailable"],
    ["a lost connection", rejects("Network connection lost."), "upstream_unavailable"],
    [
      "a developer's machine",
      rejects("Binding VECTORIZE needs to be run remotely"),
      "upstream_config",
    ],
    ["no matches at all", async () => ({ count: 0 }), "upstream_bad_response"],
    [
      "a score that is not a number",
      async () => ({ matches: [{ id: "x", score: Number.NaN, metadata: place }] }),
      "upstream_bad_response",
    ],
    ...[1.06, -1.06].map(
      (score) =>
        [
          "a score that is no cosine",
          async () => ({ matches: [{ id: "x", score, metadata: place }] }),
          "upstream_config",
        ] as const,
    ),
    [
      "a place that is none",
      async () => ({ matches: [{ id: "x", score: 1, metadata: { ...place, position: -1 } }] }),
      "upstream_config",
    ],
  ])("%s", async (_, query, code) => {
    const { source, clock } = setUp({}, { query });
    const failed = search(source).catch((thrown: unknown) => toAppError(thrown));
    const error = await finish(clock, failed);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  test("are tried again, and one that hangs leaves the time for it", async () => {
    const atMs: number[] = [];
    const fake = createFakeIndex({ dimensions: DIMENSIONS });
    const query: VectorizeBinding["query"] = (...given) => {
      atMs.push(clock.now());
      return atMs.length === 1 ? new Promise(() => undefined) : fake.binding.query(...given);
    };
    const { source, clock } = setUp({}, { ...fake.binding, query });
    await source.put(OBJECT, DOCUMENTS, open);
    expect(await finish(clock, search(source))).toHaveLength(3);
    const [firstMs = 0, ...laterMs] = atMs;
    expect(laterMs.map((ms) => ms - firstMs)).toEqual([500]);
    expect(clock.pending).toBe(0);
  });

  test("do not outlive their leg, nor a run that is over", async () => {
    const hangs = { query: () => new Promise(() => undefined) };
    const late = setUp({}, hangs);
    using deadline = startDeadline({ clock: late.clock, budgetMs: 300, stage: "search" });
    const timedOut = codeOf(search(late.source, deadline.signal));
    expect(await finish(late.clock, timedOut)).toBe("deadline_exceeded");

    const { source, clock, upstreams } = setUp({}, hangs);
    const run = new AbortController();
    const cancelled = codeOf(search(source, run.signal));
    while (clock.pending === 0) await clock.advance(0);
    run.abort(new AppError("cancelled"));
    expect(await cancelled).toBe("cancelled");
    expect(clock.pending).toBe(0);
    expect(upstreams.read()).toMatchObject([{ breaker: "closed", counts: { failures: 0 } }]);
  });

  test("are counted with those of every upstream, and so is what worked", async () => {
    const { source, upstreams } = setUp();
    await source.put(OBJECT, DOCUMENTS, open);
    expect(upstreams.read()).toMatchObject([
      { upstream: "store vectorize", breaker: "closed", counts: { attempts: 1 } },
    ]);
  });

  test("open the breaker, and then the index is left alone", async () => {
    let count = 0;
    const query = async () => {
      count += 1;
      throw new Error("Network connection lost.");
    };
    const { source, clock } = setUp({}, { query });
    for (let times = 0; times < 4; times += 1) {
      expect(await finish(clock, codeOf(search(source)))).toBe("upstream_unavailable");
    }
    const before = count;
    const refused = await finish(clock, codeOf(search(source)));
    expect([refused, count - before]).toEqual(["upstream_unavailable", 0]);
  });
});
