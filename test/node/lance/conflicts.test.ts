/** Another writer that keeps coming between, as there can be one past the lock or on object storage. */
import { afterEach, expect, test, vi } from "vitest";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { lancedb } from "../../../src/node/lance/native.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { wordEmbedder } from "../../support/collections.ts";
import { createTestStore } from "./test-store.ts";

const { signal } = new AbortController();
const preempted = new Error(
  "lance error: Retryable commit conflict for version 7: preempted by concurrent transaction",
);

afterEach(() => vi.restoreAllMocks());

/** Every merging of small files fails from now on, until the spy is restored. Nothing waits between attempts. */
async function keepComingBetween(folder: string, table: string) {
  const connection = await lancedb.connect(folder);
  const opened = await connection.openTable(table);
  const prototype = Object.getPrototypeOf(opened) as { optimize: () => Promise<unknown> };
  opened.close();
  vi.spyOn(Math, "random").mockReturnValue(0);
  return vi.spyOn(prototype, "optimize").mockRejectedValue(preempted);
}

test("leaves the indexes to be brought up to date later; what was committed is there", async () => {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await writer.commit({ put: [toDocument("a", ["one"])], remove: [] }, signal);
  const spy = await keepComingBetween(folder, spec.name);
  expect(await writer.index(signal)).toBe(false);
  await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
  spy.mockRestore();
  expect(await writer.index(signal)).toBe(true);
  expect(writer.info).toMatchObject({ documents: 2, chunks: 2 });
  expect(await writer.verify(signal)).toEqual([]);
  await writer.close();
});

test("an ingest ends well, and says that the indexes were left", async () => {
  const { store, folder } = await createTestStore();
  const load = async function* ({ id }: { readonly id: string }) {
    const document = { id, source: id, title: id, text: "A bounded queue.", sections: [] };
    yield {
      type: "document" as const,
      document: { ...document, kind: "prose" as const, metadata: {} },
    };
  };
  const plan = (id: string) => ({
    collection: "queues",
    files: [{ id, path: id }],
    problems: [],
    covers: () => false,
    deleteMissing: false,
    dryRun: false,
  });
  const deps = { store, embedder: wordEmbedder, load, read: () => undefined };
  expect(await syncDocuments(deps, plan("a"), signal)).toMatchObject({ warnings: 0 });
  const spy = await keepComingBetween(folder, "queues");
  const report = await syncDocuments(deps, plan("b"), signal);
  spy.mockRestore();
  expect(report).toMatchObject({ outcome: "finished", added: 1, documents: 2, warnings: 1 });
  expect(report.problems).toMatchObject([{ code: "not-indexed", severity: "warning" }]);
});
