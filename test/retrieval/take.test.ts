import { describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { take } from "../../src/retrieval/take.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { createTestStore } from "../support/collections.ts";
import { createTestRun } from "../support/run.ts";

const { signal } = new AbortController();

describe("take", () => {
  test("gives the texts in the candidates' order, each collection asked once", async () => {
    const { snapshot, taken } = await watch();
    const [first, second] = await rowsOf(snapshot);
    const found = await take([second, first], [snapshot], createTestRun());
    expect(found.map(({ chunk }) => chunk.documentId)).toEqual(["b", "a"]);
    expect(taken).toEqual([[second.row, first.row]]);
  });

  test("a damaged chunk costs itself, and the run says so", async () => {
    const run = createTestRun();
    const { snapshot } = await watch();
    const rows = await rowsOf(snapshot);
    const damaged: Snapshot = {
      ...snapshot,
      take: async (wanted, taking) => [
        undefined,
        ...(await snapshot.take(wanted, taking)).slice(1),
      ],
    };
    expect(await take(rows, [damaged], run)).toHaveLength(1);
    expect(run.degraded).toEqual(["corrupt_chunk"]);
  });

  test("nothing that can be fetched is an error, never an empty result", async () => {
    const run = createTestRun();
    const { snapshot } = await watch(1);
    const rows = await rowsOf(snapshot);
    await expect(take(rows, [snapshot], run)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(run.degraded).toEqual(["collection_unavailable:guide"]);
  });

  test("texts that never come cost their collection after its budget", async () => {
    const run = createTestRun({ TAKE_TIMEOUT_MS: "40" });
    const { snapshot } = await watch();
    const rows = await rowsOf(snapshot);
    const hanging: Snapshot = { ...snapshot, take: () => new Promise(() => undefined) };
    await expect(take(rows, [hanging], run)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

/** A snapshot whose `take` is recorded and fails the first times. */
async function watch(failures = 0): Promise<{ snapshot: Snapshot; taken: string[][] }> {
  const store = await createTestStore({ guide: { a: "First text.", b: "Second text." } });
  const inner = await store.open("guide", signal);
  const taken: string[][] = [];
  const snapshot: Snapshot = {
    ...inner,
    take: (rows, taking) => {
      taken.push([...rows]);
      if (taken.length <= failures) return Promise.reject(new AppError("collection_unavailable"));
      return inner.take(rows, taking);
    },
  };
  return { snapshot, taken };
}

async function rowsOf(snapshot: Snapshot) {
  const terms = [
    { term: "text", idf: 1 },
    { term: "first", idf: 2 },
  ];
  const hits = await snapshot.search(
    { type: "keyword", terms, limit: 5, timeoutMs: 1_000 },
    signal,
  );
  const [a, b] = hits.map(({ row }) => ({ collection: "guide", row, score: 1, trail: {} }));
  if (a === undefined || b === undefined) throw new Error("the collection is not as it should be");
  return [a, b] as const;
}
