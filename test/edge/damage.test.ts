/** Collections that cannot be searched whole: built by another embedder, robbed of vectors, retired. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import { toDocumentWire } from "../../src/worker/durable/document-wire.ts";
import type { CollectionRpc } from "../../src/worker/durable/protocol.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { askWith } from "../support/app.ts";
import { useEdge } from "./test-edge.ts";

const { signal } = new AbortController();
const query = { type: "vector", vector: toVector(0), limit: 5, timeoutMs: 5_000 } as const;

const edge = useEdge();

async function make(name: string) {
  const store = createDurableStore({ ...edge.bindings, freshnessMs: 0, clock: systemClock });
  const writer = await store.create({ ...spec, name }, signal);
  await writer.commit(
    { put: [toDocument("a", ["A deadline is an instant."])], remove: [] },
    signal,
  );
  await writer.close();
  const { registry } = edge.bindings;
  const entries = await registry.get(registry.idFromName("registry")).entries();
  const all = "value" in entries ? entries.value : [];
  return { store, object: all.find((entry) => entry.name === name)?.current ?? "" };
}

const toStub = (object: string): CollectionRpc => {
  const { collections } = edge.bindings;
  return collections.get(collections.idFromName(object));
};

async function empty(object: string): Promise<void> {
  expect(await toStub(object).retire(0)).toEqual({ value: true });
  const isGone = async (): Promise<boolean> => "error" in (await toStub(object).describe());
  while (!(await isGone())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("one of another embedder is searched by keyword, and the ledger says why", async () => {
  await make("foreign");
  const body = askWith({ question: "What is a deadline?", collections: ["foreign"] });
  const response = await edge.fetch("/v1/search", body);
  const { ledger, passages } = (await response.json()) as {
    ledger: { retriever: string; status: string; code?: string }[];
    passages: unknown[];
  };
  expect(ledger).toMatchObject([
    { retriever: "keyword", status: "found" },
    { retriever: "vector", status: "failed", code: "embedder_mismatch" },
  ]);
  expect(passages).toHaveLength(1);
  const ready = (await (await edge.fetch("/readyz")).json()) as { collections: object[] };
  expect(ready.collections).toContainEqual({
    name: "foreign",
    status: "ready",
    embedderReady: false,
    embedder: spec.embedder,
  });
});

test("one that has lost its vectors says which push mends it, and its words are still found", async () => {
  const { store, object } = await make("robbed");
  await edge.runSql("COLLECTIONS", object, "DELETE FROM blocks");
  const snapshot = await store.open("robbed", signal);
  const error: unknown = await snapshot.search(query, signal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "collection_unavailable" });
  expect(String(error)).toContain("pnpm ingest push robbed --to edge");
  const { frequencies } = await snapshot.terms("deadline", signal);
  const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
  const words = { type: "keyword", terms, limit: 5, timeoutMs: 5_000 } as const;
  expect(await snapshot.search(words, signal)).toHaveLength(1);
});

test("a damaged text costs itself only, and is reported", async () => {
  const { store, object } = await make("torn");
  await edge.runSql("COLLECTIONS", object, "UPDATE chunks SET json = substr(json, 1, 9)");
  const snapshot = await store.open("torn", signal);
  const rows = (await snapshot.search(query, signal)).map(({ row }) => row);
  expect(rows).toHaveLength(1);
  expect(await snapshot.take(rows, signal)).toEqual([undefined]);
  const writer = await store.openWriter("torn", signal);
  expect((await writer.verify(signal)).join()).toContain("no JSON");
  await writer.close();
});

test("a retired object empties itself when its time has come", async () => {
  const { store, object } = await make("retired");
  const snapshot = await store.open("retired", signal);
  await empty(object);
  const error: unknown = await snapshot.search(query, signal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "collection_not_found" });
});

test("a name whose object is empty by now is looked up again, whatever the list that is kept says", async () => {
  const { store, object } = await make("moved");
  const slow = createDurableStore({ ...edge.bindings, freshnessMs: 600_000, clock: systemClock });
  expect(await slow.list(signal)).toContain("moved");
  await store.drop("moved", signal);
  await make("moved");
  await empty(object);
  expect((await slow.open("moved", signal)).info.chunks).toBe(1);
});

test("nobody changes an object while another writer holds it", async () => {
  const { object } = await make("held");
  const stub = toStub(object);
  expect(await stub.lock("one")).toHaveProperty("value");
  const nothing = { put: [], remove: [] };
  for (const refused of [
    await stub.lock("another"),
    await stub.commit("another", nothing, null),
    await stub.restore("another", 1),
    await stub.tidy("another"),
  ]) {
    expect(refused).toMatchObject({ error: { code: "ingest_locked" } });
  }
  await stub.unlock("another");
  expect(await stub.lock("another")).toHaveProperty("error");
  await stub.unlock("one");
  expect(await stub.commit("another", nothing, null)).toHaveProperty("value");
});

test("a change that is undone leaves nothing in the object's memory, its writer's lock neither", async () => {
  const { object } = await make("undone");
  const stub = toStub(object);
  const huge = toDocumentWire(toDocument("b", ["x ".repeat(1_100_000)]));
  const refused = await stub.commit("one", { put: [huge], remove: [] }, null);
  expect(refused).toMatchObject({ error: { code: "payload_too_large" } });
  expect(await stub.lock("another")).toMatchObject({ value: { documents: 1 } });
});

test("what an object says it holds of a document is its present form alone", async () => {
  const { object } = await make("changed");
  const stub = toStub(object);
  const changed = toDocumentWire(toDocument("a", ["A deadline passes."]));
  const report = await stub.commit("one", { put: [changed], remove: [] }, null);
  expect(report).toHaveProperty("value");
  const { hash } = changed;
  expect(await stub.documentsOf(["a"])).toMatchObject({ value: [{ id: "a", hash }] });
});
