/** Objects in their runtime with an index of Vectorize beside them, which is a fake: pushed, found, replaced, removed. */
import { expect, test } from "vitest";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import { createPushes } from "../../src/worker/durable/pushes.ts";
import { createVectorize } from "../../src/worker/vectorize.ts";
import { createIndexCalls, type VectorizeBinding } from "../../src/worker/vectorize-calls.ts";
import { DIMENSIONS, spec, toDocument, toVector } from "../conformance/store-data.ts";
import { createFakeIndex } from "../worker/fake-vectorize.ts";
import { useEdge } from "./test-edge.ts";

const { signal } = new AbortController();
const LATER_MS = 3_600_000;
const query = { type: "vector", vector: toVector(2), limit: 10, timeoutMs: 20_000 } as const;

const edge = useEdge();

/** Vectors in bytes that one object takes: more than all of them, or those of a few chunks. */
const WHOLE = 2 ** 20;
const FEW = 160;

async function setUp(
  space: string,
  change: Partial<VectorizeBinding> & { readonly vectorBytesMax?: number } = {},
) {
  const { vectorBytesMax = WHOLE, ...calls } = change;
  const fake = createFakeIndex({ dimensions: DIMENSIONS });
  const config = parseConfig({ ATTEMPTS_MAX: "1" });
  const binding = { ...fake.binding, ...calls };
  const vectors = createVectorize({
    call: createIndexCalls(binding, {
      config,
      clock: systemClock,
      upstreams: createUpstreamRegistry(),
    }),
    collections: new Set(["guide"]),
    log: silentLog,
    wallMs: () => Date.now() + LATER_MS,
    concurrency: 4,
  });
  const plain = { ...edge.bindings, space };
  const bindings = { ...plain, vectors };
  const options = { freshnessMs: 0, clock: systemClock };
  return {
    fake,
    pushes: createPushes({ ...bindings, clock: systemClock, vectorBytesMax }),
    store: createDurableStore({ ...bindings, ...options }),
    alone: createDurableStore({ ...plain, ...options }),
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

const documentsOf = (word: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    toDocument(`${word}/${index}.md`, [`${word} a`, `${word} b`], { seeds: [index, index + 0.5] }),
  );

async function push({ pushes }: World, word: string, count: number): Promise<void> {
  const name = { collection: "guide", key: `content-${word}` };
  await pushes.begin({ key: name.key, spec, chunks: count * 2 }, signal);
  await pushes.add(name, documentsOf(word, count), signal);
  await pushes.publish(name, { documents: count, chunks: count * 2 }, signal);
}

test.each([
  ["one object", "-index-", WHOLE],
  ["several objects", "-spread-", FEW],
])(
  "the index finds the chunks that %s would find, and has them give the texts",
  async (_, space, vectorBytesMax) => {
    const world = await setUp(space, { vectorBytesMax });
    await push(world, "cats", 12);
    const snapshot = await world.store.open("guide", signal);
    const found = await snapshot.search(query, signal);
    expect(world.fake.calls.filter((call) => !call.startsWith("upsert"))).toEqual([
      "describe",
      "query",
    ]);
    expect([world.fake.vectors.size, world.fake.calls.at(-1)]).toEqual([24, "query"]);
    const expected = await (await world.alone.open("guide", signal)).search(query, signal);
    expect(found.map(({ row }) => row)).toEqual(expected.map(({ row }) => row));
    for (const [index, { score }] of found.entries()) {
      expect(score).toBeCloseTo(expected[index]?.score ?? 0, 4);
    }
    const chunks = await snapshot.take(
      found.map(({ row }) => row),
      signal,
    );
    expect(chunks[0]).toMatchObject({ documentId: "cats/2.md", position: 0, text: "cats a" });
    await world.store.drop("guide", signal);
    expect(world.fake.vectors.size).toBe(0);
  },
);

test("each push is found by itself, the one before can be gone back to, and older ones leave the index", async () => {
  const world = await setUp("-pushed-");
  const best = async () => {
    const snapshot = await world.store.open("guide", signal);
    const [first] = await snapshot.take(
      (await snapshot.search(query, signal)).slice(0, 1).map(({ row }) => row),
      signal,
    );
    return first?.documentId;
  };
  await push(world, "cats", 12);
  await push(world, "dogs", 12);
  expect([await best(), world.fake.vectors.size]).toEqual(["dogs/2.md", 48]);
  await world.store.generations?.rollback("guide", signal);
  expect(await best()).toBe("cats/2.md");
  await push(world, "owls", 12);
  expect([await best(), world.fake.vectors.size]).toEqual(["owls/2.md", 48]);
  expect(world.fake.calls.filter((call) => call === "query")).toHaveLength(3);
  await world.store.drop("guide", signal);
  expect(world.fake.vectors.size).toBe(0);
});

test("what the index did not take has not arrived, and the same push goes on with it", async () => {
  let isDown = true;
  const fake = createFakeIndex({ dimensions: DIMENSIONS });
  const upsert: VectorizeBinding["upsert"] = async (vectors) => {
    if (isDown) throw new Error("Network connection lost.");
    return fake.binding.upsert(vectors);
  };
  const { pushes } = await setUp("-broken-", { upsert });
  const name = { collection: "guide", key: "content-broken" };
  await pushes.begin({ key: name.key, spec }, signal);
  const documents = documentsOf("cats", 3);
  await expect(pushes.add(name, documents, signal)).rejects.toMatchObject({
    code: "upstream_unavailable",
  });
  expect(await pushes.documents(name, { limit: 10 }, signal)).toEqual([]);
  isDown = false;
  expect(await pushes.add(name, documents, signal)).toEqual(
    expect.objectContaining({ chunksAdded: 6 }),
  );
  expect(fake.vectors.size).toBe(6);
});

test("what the index did not forget is asked of it again by the next step", async () => {
  let isDown = true;
  const { fake, pushes, store } = await setUp("-left-", {
    async deleteByIds(ids) {
      if (isDown) throw new Error("Network connection lost.");
      return fake.binding.deleteByIds(ids);
    },
  });
  const world = { fake, pushes, store, alone: store };
  for (const word of ["cats", "dogs", "owls"]) await push(world, word, 3);
  expect(fake.vectors.size).toBe(18);
  isDown = false;
  await push(world, "bats", 3);
  expect(fake.vectors.size).toBe(12);
  await store.drop("guide", signal);
  expect(fake.vectors.size).toBe(0);
});

test("what a push sends after another one took its place is not left in the index", async () => {
  const other = { key: "content-later", spec };
  const { fake, pushes } = await setUp("-late-", {
    async upsert(vectors) {
      if (fake.vectors.size === 0) await pushes.begin(other, signal);
      return fake.binding.upsert(vectors);
    },
  });
  const name = { collection: "guide", key: "content-early" };
  await pushes.begin({ key: name.key, spec }, signal);
  const late = pushes.add(name, documentsOf("cats", 3), signal);
  await expect(late).rejects.toMatchObject({ code: "ingest_locked" });
  expect(fake.vectors.size).toBe(0);
  const after = { collection: "guide", key: other.key };
  await pushes.add(after, documentsOf("dogs", 3), signal);
  expect(fake.vectors.size).toBe(6);
});

test("a collection that does not fit the index is told before it is pushed", async () => {
  const { pushes } = await setUp("-unfit-");
  const begun = pushes.begin({ key: "content-unfit", spec: { ...spec, dimensions: 9 } }, signal);
  await expect(begun).rejects.toMatchObject({ code: "embedder_mismatch" });
});
