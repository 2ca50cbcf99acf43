import { describe, expect, test } from "vitest";
import { AppError } from "../../src/errors.ts";
import { createTaker } from "../../src/retrieval/take.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { createTestStore } from "../support/collections.ts";
import { createTestRun } from "../support/run.ts";

const { signal } = new AbortController();

describe("the taker", () => {
  test("fetches each text once, whether ahead or when asked", async () => {
    const { snapshot, taken } = await watch();
    using taker = createTaker([snapshot], createTestRun());
    const [first, second] = await rowsOf(snapshot);
    taker.prefetch([first]);
    const found = await taker.take([first, second]);
    expect(found.map(({ chunk }) => chunk.documentId)).toEqual(["a", "b"]);
    expect(taken).toEqual([[first.row], [second.row]]);
  });

  test("asks again for what failed ahead, and reports only what fails then", async () => {
    const run = createTestRun();
    const { snapshot, taken } = await watch(1);
    using taker = createTaker([snapshot], run);
    const [first] = await rowsOf(snapshot);
    taker.prefetch([first]);
    expect(await taker.take([first])).toHaveLength(1);
    expect(taken).toHaveLength(2);
    expect(run.degraded).toEqual([]);
  });

  test("nothing that can be fetched is an error, never an empty result", async () => {
    const run = createTestRun();
    const { snapshot } = await watch(1);
    using taker = createTaker([snapshot], run);
    const [first] = await rowsOf(snapshot);
    await expect(taker.take([first])).rejects.toMatchObject({ code: "store_unavailable" });
    expect(run.degraded).toEqual(["collection_unavailable:guide"]);
  });

  test("what was fetched ahead ends with the taker", async () => {
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const { snapshot } = await watch();
    const [first] = await rowsOf(snapshot);
    const hanging: Snapshot = {
      ...snapshot,
      take: (_rows, taking) =>
        new Promise(() => {
          taking.addEventListener("abort", () => ended.resolve());
          started.resolve();
        }),
    };
    {
      using taker = createTaker([hanging], createTestRun());
      taker.prefetch([first]);
      await started.promise;
    }
    await expect(ended.promise).resolves.toBeUndefined();
  });

  test("ahead and asked for together stay within the budget of one", async () => {
    const run = createTestRun({ TAKE_TIMEOUT_MS: "40" });
    const { snapshot } = await watch();
    const [first] = await rowsOf(snapshot);
    const hanging: Snapshot = { ...snapshot, take: () => new Promise(() => undefined) };
    using taker = createTaker([hanging], run);
    taker.prefetch([first]);
    await expect(taker.take([first])).rejects.toMatchObject({ code: "store_unavailable" });
    expect(run.degraded).toEqual(["collection_unavailable:guide"]);
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
