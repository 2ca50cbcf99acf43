/** A collection in memory gives what native calls give. */
import { expect, test } from "vitest";
import { createResidents } from "../../../src/node/lance/residents.ts";
import type { Snapshot, StoreQuery } from "../../../src/stores/store.ts";
import { toIdf } from "../../../src/text/idf.ts";
import { createSource, loadCollection } from "../../../scripts/bench-data.ts";
import { createTestStore, openTestStore } from "./test-store.ts";

const CHUNKS = 600;
const QUESTIONS = 25;
const signal = new AbortController().signal;

test("hits, scores and texts are the same", async () => {
  const { store, folder } = await createTestStore(createResidents(0));
  await loadCollection(store, "a", { chunks: CHUNKS, seed: 3 });
  const native = await store.open("a", signal);
  const residents = createResidents(64 * 2 ** 20);
  const memory = await (await openTestStore(folder, { residents })).open("a", signal);
  await residents.idle();
  const source = createSource(11);
  for (let question = 0; question < QUESTIONS; question += 1) {
    const text = source.words(6);
    const { frequencies } = await native.terms(text, signal);
    const terms = [...frequencies]
      .filter(([, count]) => count > 0)
      .map(([term, count], index) => ({ term, idf: toIdf(count, CHUNKS) * (1 + (index % 3)) }));
    await expectSame({ type: "keyword", terms, limit: 50, timeoutMs: 5_000 });
    await expectSame({ type: "vector", vector: source.vector(), limit: 50, timeoutMs: 5_000 });
  }

  async function expectSame(query: StoreQuery): Promise<void> {
    const [expected, found] = await Promise.all([search(native, query), search(memory, query)]);
    expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    for (const [index, { score, text }] of found.entries()) {
      expect(score).toBeCloseTo(expected[index]?.score ?? 0, 3);
      expect(text).toBe(expected[index]?.text);
    }
  }
});

/** Ties in an order of their own, and without those at the end: neither side promises which of them it gives. */
async function search(snapshot: Snapshot, query: StoreQuery) {
  const hits = await snapshot.search(query, signal);
  const chunks = await snapshot.take(
    hits.map(({ row }) => row),
    signal,
  );
  const found = hits.map(({ score }, index) => {
    const { id = "", text = "" } = chunks[index] ?? {};
    return { id, text, score: Math.round(score * 1e4) / 1e4 };
  });
  return found
    .filter(({ score }) => score > (found.at(-1)?.score ?? 0))
    .toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
