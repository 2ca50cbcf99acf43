/** Many small writes to a large collection: what each of them costs does not grow with the collection or with their number. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as lancedb from "@lancedb/lancedb";
import { afterEach, expect, test, vi } from "vitest";
import { VECTOR_INDEX } from "../../../src/node/lance/indexer.ts";
import type { CollectionWriter } from "../../../src/stores/store.ts";
import { vectorQuery } from "../../conformance/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { createTestStore, openTestStore } from "./test-store.ts";

const signal = new AbortController().signal;
/** Of a vector that no other chunk has. */
const LAST_SEED = 7_777;

afterEach(() => vi.useRealTimers());

async function load(chunks: number) {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await put(writer, "base", chunks);
  await writer.index(signal);
  return { store, folder, writer };
}

/** One document of so many chunks. */
async function put(
  writer: CollectionWriter,
  id: string,
  chunks: number,
  firstSeed = 0,
): Promise<void> {
  const numbers = Array.from({ length: chunks }, (_, index) => index);
  const texts = numbers.map((index) => `Plain text number ${index} of ${id}.`);
  const document = toDocument(id, texts, { seeds: numbers.map((index) => firstSeed + index) });
  await writer.commit({ put: [document], remove: [] }, signal);
}

async function listIndexes(folder: string): Promise<readonly string[]> {
  return readdir(join(folder, `${spec.name}.lance`, "_indices"));
}

async function inspect(folder: string) {
  const table = await (await lancedb.connect(folder)).openTable(spec.name);
  const [vector, { fragmentStats }] = [await table.indexStats(VECTOR_INDEX), await table.stats()];
  const { numIndices: parts, numUnindexedRows: lacking } = vector ?? {};
  return { parts, lacking, files: fragmentStats.numFragments };
}

test("the indexes are written for many small writes together, and everything is found meanwhile", async () => {
  const { store, folder, ...loaded } = await load(1_200);
  let { writer } = loaded;
  const before = (await listIndexes(folder)).length;
  for (let number = 0; number < 20; number += 1) {
    await put(writer, `note${number}x`, 2, number === 19 ? LAST_SEED : 0);
    expect(await writer.index(signal)).toBe(true);
    // As each upload does.
    await writer.close();
    writer = await store.openWriter(spec.name, signal);
  }
  expect((await listIndexes(folder)).length).toBe(before);
  expect(await writer.verify(signal)).toEqual([]);
  const snapshot = await store.open(spec.name, signal);
  const { frequencies } = await snapshot.terms("note19x", signal);
  const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
  expect([...frequencies.values()]).toEqual([2]);
  const found = await snapshot.search(
    { type: "keyword", terms, limit: 10, timeoutMs: 9_000 },
    signal,
  );
  expect(found).toHaveLength(2);
  const [nearest] = await snapshot.search(vectorQuery(LAST_SEED), signal);
  expect(nearest?.score).toBeCloseTo(1, 5);
  const [chunk] = await snapshot.take([nearest?.row ?? ""], signal);
  expect(chunk?.documentId).toBe("note19x");

  for (let number = 20; number < 40; number += 1) await put(writer, `note${number}x`, 2);
  await writer.index(signal);
  expect((await inspect(folder)).lacking).toBe(0);
  await writer.close();
});

test("what a question saw between a write and its statistics is not kept for good", async () => {
  const { store, writer, folder } = await load(1_200);
  // As another process sees it.
  const reader = await openTestStore(folder);
  const count = async (from: typeof reader) => {
    const { frequencies } = await (await from.open(spec.name, signal)).terms("note0x", signal);
    return [...frequencies.values()];
  };
  await put(writer, "note0x", 2);
  expect([await count(store), await count(reader)]).toEqual([[1], [1]]);
  await writer.index(signal);
  expect([await count(store), await count(reader)]).toEqual([[2], [2]]);
  await writer.close();
});

test("a vector index of many parts is made one again, and at once by optimize", async () => {
  const { folder, writer } = await load(1_000);
  const seen: number[] = [];
  while (seen.length < 26 && (seen.at(-1) ?? 0) >= (seen.at(-2) ?? 0)) {
    await put(writer, `note ${seen.length}`, 120);
    await writer.index(signal);
    seen.push((await inspect(folder)).parts ?? 0);
  }
  expect(Math.max(...seen)).toBe(16);
  expect(seen.at(-1)).toBe(1);
  for (const id of ["last", "very last"]) {
    await put(writer, id, 250);
    await writer.index(signal);
  }
  await writer.optimize(signal);
  expect(await inspect(folder)).toEqual({ parts: 1, lacking: 0, files: 1 });
  await writer.close();
});

test("statistics from before go after a minute, and the rows from before after an hour", async () => {
  const { folder, writer } = await load(1_200);
  const count = async () => {
    const names = [spec.name, `${spec.name}.terms`].map((name) => `${name}.lance/_versions`);
    const lists = await Promise.all(names.map((name) => readdir(join(folder, name))));
    return lists.map((list) => list.filter((file) => file.endsWith(".manifest")).length);
  };
  for (let number = 0; number < 4; number += 1) {
    await put(writer, `note ${number}`, 1);
    await writer.index(signal);
  }
  const [rows = 0, terms] = await count();
  expect(terms).toBe(5);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 90_000 });
  await put(writer, "note 4", 1);
  await writer.index(signal);
  const [rowsLater = 0, termsLater = 0] = await count();
  expect(rowsLater).toBeGreaterThan(rows);
  expect(termsLater).toBeLessThanOrEqual(2);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
  await put(writer, "note 5", 1);
  await writer.index(signal);
  expect((await count())[0]).toBeLessThan(rows);
  await writer.close();
});

test("what the indexes hold is told from the first chunk on, before there are any", async () => {
  const { store } = await createTestStore();
  const writer = await store.create(spec, signal);
  const look = async () => (await store.open(spec.name, signal)).condition?.(signal);
  expect(await look()).not.toHaveProperty("indexedShare");
  await put(writer, "base", 1_200);
  expect(await look()).toMatchObject({ indexedShare: 0 });
  await writer.index(signal);
  expect(await look()).toMatchObject({ indexedShare: 1 });
  await put(writer, "more", 400);
  expect(await look()).toMatchObject({ indexedShare: 0.75 });
  await writer.close();
});

test("a change joins with every row of the table only where it leaves chunks that nothing takes the place of", async () => {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await put(writer, "a", 4);
  await put(writer, "b", 2);
  const table = await (await lancedb.connect(folder)).openTable(spec.name);
  const prototype = Object.getPrototypeOf(table.mergeInsert("id")) as lancedb.MergeInsertBuilder;
  const joins = vi.spyOn(prototype, "whenNotMatchedBySourceDelete");
  await put(writer, "c", 3);
  await put(writer, "a", 4, 10);
  await put(writer, "b", 5, 20);
  expect(joins).not.toHaveBeenCalled();
  await put(writer, "a", 1, 30);
  expect(joins).toHaveBeenCalledTimes(1);
  // Chunks whose document is not known, as damage leaves them.
  await table.checkoutLatest();
  await table.delete("documentId = 'b' AND position = 0");
  await put(writer, "b", 2, 40);
  expect(joins).toHaveBeenCalledTimes(2);
  joins.mockRestore();
  expect(writer.info).toMatchObject({ documents: 3, chunks: 6 });
  await writer.index(signal);
  expect(await writer.verify(signal)).toEqual([]);
  await writer.close();
});
