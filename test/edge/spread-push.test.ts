/** Pushes that are spread over several objects: whole or not seen, gone on with, and served as one collection. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEdgeTarget, type PushTarget } from "../../ingest/push/edge-target.ts";
import { pushCollection } from "../../ingest/push/push-collection.ts";
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { countObjects, toObjectName, toObjects, toPart } from "../../src/worker/durable/parts.ts";
import { spec } from "../conformance/store-data.ts";
import { askWith } from "../support/app.ts";
import { makeSamples, openSample, pushSample, type Samples } from "./samples.ts";
import { type TestEdge, TOKEN, useEdge } from "./test-edge.ts";
import { documents, testTwoPushes, whole } from "./two-pushes.ts";

const { signal } = new AbortController();
/** So little that the sample needs several objects. */
const VECTOR_BYTES = 6 * 1024;
const QUESTION = "What is a deadline?";

const edge = useEdge({ OBJECT_VECTOR_BYTES_MAX: String(VECTOR_BYTES) });
const alone = useEdge();
let samples: Samples;
beforeAll(async () => {
  samples = await makeSamples(["faq"]);
});
afterAll(() => samples[Symbol.asyncDispose]());

interface Answer {
  readonly passages: readonly { readonly chunkId: string; readonly score: number }[];
  readonly ledger: readonly object[];
  readonly degraded: readonly string[];
}

const search = async (from: TestEdge, more: object = {}): Promise<Answer> => {
  const response = await from.fetch("/v1/search", askWith({ question: QUESTION, ...more }));
  return (await response.json()) as Answer;
};
/** The objects of the sample; what is held of one from here is not evicted. */
const objectsOf = async (number: number): Promise<readonly string[]> => {
  const { chunks, dimensions } = (await openSample(samples, "faq")).info;
  return toObjects(toObjectName("faq", number, countObjects(chunks, dimensions, VECTOR_BYTES)));
};
const target = (key: string): PushTarget =>
  createEdgeTarget({ url: edge.url, token: TOKEN, clock: systemClock, collection: "faq", key });

test("a push that breaks off in several objects, which are then evicted, is gone on with", async () => {
  const source = await openSample(samples, "faq");
  const breaking: PushTarget = {
    ...target(source.key),
    async send(lines, signal) {
      await target(source.key).send(lines.slice(0, 40), signal);
      throw new AppError("upstream_unavailable");
    },
  };
  await expect(pushCollection(source, breaking, signal)).rejects.toThrow("upstream_unavailable");
  const pending = await objectsOf(1);
  expect(pending.length).toBeGreaterThan(2);
  expect((await edge.fetch("/v1/collections/faq")).status).toBe(404);
  for (const object of pending) await edge.evict("COLLECTIONS", object);
  await edge.evict("REGISTRY", "registry");
  const report = await pushCollection(source, target(source.key), signal);
  const { documents, chunks } = source.info;
  expect(report).toMatchObject({ documents, chunksSent: chunks - 40, isUnchanged: false });
  expect(await (await edge.fetch("/v1/collections/faq")).json()).toMatchObject({
    documents,
    chunks,
  });
  expect(await pushSample(samples, "faq", edge.url)).toMatchObject({ isUnchanged: true });
});

test("what is found is what one object finds", async () => {
  await pushSample(samples, "faq", alone.url);
  const [one, several] = [await search(alone), await search(edge)];
  expect(several.degraded).toEqual([]);
  expect(several.passages.map(({ chunkId }) => chunkId)).toEqual(
    one.passages.map(({ chunkId }) => chunkId),
  );
  const [left, right] = [one.passages, several.passages];
  for (const [index, { score }] of right.entries()) {
    expect(score).toBeCloseTo(left[index]?.score ?? Number.NaN, 6);
  }
});

test("objects that are evicted between one question and the next go on with what they stored", async () => {
  const before = await search(edge);
  for (const object of await objectsOf(1)) await edge.evict("COLLECTIONS", object);
  expect((await search(edge)).passages).toEqual(before.passages);
});

test("objects that are evicted while questions are under way cost no answer", async () => {
  const before = await search(edge);
  const objects = await objectsOf(1);
  const asking = Array.from({ length: 12 }, () => search(edge));
  await Promise.all(objects.map(async (object) => edge.evict("COLLECTIONS", object)));
  // An object that was ended in the middle of a call is a reported loss; nothing else may be missing.
  const silent = (await Promise.all(asking)).filter(({ degraded }) => degraded.length === 0);
  for (const { passages } of silent) expect(passages).toEqual(before.passages);
  expect((await search(edge)).passages).toEqual(before.passages);
});

describe("two pushes at once, each over three objects", () => {
  const pushed = testTwoPushes(edge, { space: "-two-", vectorBytesMax: 160 });

  test("a key that names another spec already is refused, under way and shown", async () => {
    const other = { ...spec, embedder: "another:8" };
    const key = "reused-key";
    const { pushes } = pushed;
    await pushes.begin({ key, spec, chunks: 30 }, signal);
    const refused = { code: "invalid_request", detail: expect.stringContaining("another spec") };
    await expect(pushes.begin({ key, spec: other }, signal)).rejects.toMatchObject(refused);
    await pushes.add({ collection: "guide", key }, documents, signal);
    await pushes.publish({ collection: "guide", key }, whole, signal);
    await expect(pushes.begin({ key, spec: other }, signal)).rejects.toMatchObject(refused);
    const more = { ...spec, metadata: { ...spec.metadata, more: "string" as const } };
    await expect(pushes.begin({ key, spec: more }, signal)).rejects.toMatchObject(refused);
    expect((await pushes.begin({ key, spec: { ...spec } }, signal)).status).toBe("published");
  });

  test("what has arrived is told whichever of the objects got it last, and is not taken again", async () => {
    const { pushes } = pushed;
    const push = { collection: "guide", key: "one-by-one" };
    await pushes.begin({ key: push.key, spec, chunks: 30 }, signal);
    const others = documents.filter(({ id }) => toPart(id, 3) > 0);
    for (const document of others) {
      expect(await pushes.add(push, [document], signal)).toEqual({ chunksAdded: 1 });
      expect(await pushes.add(push, [document], signal)).toEqual({ chunksAdded: 0 });
    }
    const arrived = await pushes.documents(push, { limit: 100 }, signal);
    expect(arrived.map(({ id }) => id)).toEqual(others.map(({ id }) => id).toSorted());
  });

  test("one that needs more objects than a collection may have is refused before anything is sent", async () => {
    const large = pushed.pushes.begin({ key: "far-too-large", spec, chunks: 100_000 }, signal);
    await expect(large).rejects.toMatchObject({
      code: "payload_too_large",
      detail: expect.stringContaining("OBJECT_VECTOR_BYTES_MAX"),
    });
  });
});

test.each([
  ["an object", 1, 1],
  ["the first object", 2, 0], // of the push that mended the other
])(
  "%s that is lost is in the ledger, in the degraded codes and in /readyz, and a push mends it",
  async (_, number, part) => {
    const lost = (await objectsOf(number))[part] ?? "";
    const { collections } = edge.bindings;
    const stub = collections.get(collections.idFromName(lost));
    await stub.retire(0);
    while (!("error" in (await stub.describe()))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const answer = await search(edge);
    expect(answer.passages.length).toBeGreaterThan(0);
    expect(answer.ledger).toMatchObject([
      { status: "found", code: "collection_unavailable" },
      { status: "found", code: "collection_unavailable" },
    ]);
    expect(answer.degraded.toSorted()).toEqual([
      "leg_incomplete:faq/keyword",
      "leg_incomplete:faq/vector",
    ]);
    const required = await edge.fetch(
      "/v1/search",
      askWith({ question: QUESTION, retrieval: { require: ["faq"] } }),
    );
    expect(required.status).toBe(503);
    expect(await required.json()).toMatchObject({ code: "collection_unavailable" });
    const readiness = async () =>
      (await (await edge.fetch("/readyz")).json()) as { collections: object[] };
    await expect.poll(readiness).toMatchObject({
      collections: [{ name: "faq", status: "incomplete", lost: [expect.stringContaining(lost)] }],
    });
    const { version } = (await (await edge.fetch("/v1/collections/faq")).json()) as {
      version: number;
    };
    expect(await pushSample(samples, "faq", edge.url)).toMatchObject({ isUnchanged: false });
    await expect.poll(async () => (await search(edge)).degraded).toEqual([]);
    const mended = (await (await edge.fetch("/v1/collections/faq")).json()) as { version: number };
    expect(mended.version).toBeGreaterThan(version);
  },
);

test("one that has lost its vectors is in /readyz, and the same push mends it", async () => {
  const [, damaged = ""] = await objectsOf(3); // of the push that mended the one before
  await edge.runSql("COLLECTIONS", damaged, "DELETE FROM blocks");
  const readiness = async (): Promise<unknown> => (await edge.fetch("/readyz")).json();
  const lost = [expect.stringContaining("lost vectors")];
  const incomplete = { collections: [{ name: "faq", status: "incomplete", lost }] };
  await expect.poll(readiness).toMatchObject(incomplete);
  expect(await pushSample(samples, "faq", edge.url)).toMatchObject({ isUnchanged: false });
  await expect.poll(readiness).toMatchObject({ collections: [{ name: "faq", status: "ready" }] });
});
