/** One question asked of the store, and the same asked the naive way. */
import "../src/node/lance/native-settings.ts";
import * as lancedb from "@lancedb/lancedb";
import type { Hit } from "../src/domain/hit.ts";
import { createIdf } from "../src/retrieval/keyword-arm.ts";
import type { Snapshot, WriteStore } from "../src/stores/store.ts";

const LEG_HITS = 20;
const TEXTS = 30;
const TIMEOUT_MS = 5_000;
const { signal } = new AbortController();

/** Eight legs at once, keywords weighed over all collections; then the texts of the best of each arm. */
export async function askStore(
  store: WriteStore,
  collections: readonly string[],
  text: string,
  vector: Float32Array,
): Promise<void> {
  const snapshots = await Promise.all(collections.map((name) => store.open(name, signal)));
  const [near, matching] = await Promise.all([
    Promise.all(
      snapshots.map((snapshot) =>
        snapshot.search({ type: "vector", vector, limit: LEG_HITS, timeoutMs: TIMEOUT_MS }, signal),
      ),
    ),
    searchKeywords(snapshots, text),
  ]);
  const wanted = [...toBest(near), ...toBest(matching)];
  const texts = await Promise.all(
    snapshots.map((snapshot, index) => {
      const rows = wanted.filter((hit) => hit.collection === index).map((hit) => hit.row);
      return snapshot.take([...new Set(rows)], signal);
    }),
  );
  if (texts.flat().some((chunk) => chunk === undefined)) throw new Error("a text is missing");
}

async function searchKeywords(snapshots: readonly Snapshot[], text: string) {
  const statistics = await Promise.all(snapshots.map((snapshot) => snapshot.terms(text, signal)));
  const idfOf = createIdf(statistics);
  return Promise.all(
    snapshots.map((snapshot, index) => {
      const terms = [...(statistics[index]?.frequencies.keys() ?? [])].map((term) => ({
        term,
        idf: idfOf(term),
      }));
      const query = { type: "keyword", terms, limit: LEG_HITS, timeoutMs: TIMEOUT_MS } as const;
      return snapshot.search(query, signal);
    }),
  );
}

function toBest(lists: readonly (readonly Hit[])[]) {
  return lists
    .flatMap((hits, collection) => hits.map((hit) => ({ ...hit, collection })))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, TEXTS / 2);
}

/** The tables as they are, without any limit on what runs at once. */
export async function connectNaively(
  folder: string,
  collections: readonly string[],
): Promise<readonly lancedb.Table[]> {
  const connection = await lancedb.connect(folder);
  return Promise.all(collections.map((name) => connection.openTable(name)));
}

/** The text comes with every hit of every leg, and each collection weighs words for itself. */
export async function askNaively(
  tables: readonly lancedb.Table[],
  text: string,
  vector: Float32Array,
): Promise<void> {
  await Promise.all(
    tables.flatMap((table) => [
      table
        .vectorSearch(vector)
        .distanceType("cosine")
        .limit(LEG_HITS)
        .select(["id", "content", "_distance"])
        .toArray(),
      table
        .query()
        .fullTextSearch(text, { columns: ["content"] })
        .limit(LEG_HITS)
        .select(["id", "content", "_score"])
        .toArray(),
    ]),
  );
}
