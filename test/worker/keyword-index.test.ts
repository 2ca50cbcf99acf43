/** BM25 in an object: FTS5's own weights and its mean length divided out, whatever was deleted meanwhile. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { KERNELS, toBinaryPath } from "../../scripts/build-vector-scan.ts";
import { commit, tidy } from "../../src/worker/durable/change-collection.ts";
import { Collection } from "../../src/worker/durable/collection.ts";
import { toDocumentWire } from "../../src/worker/durable/document-wire.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";
import { toIdf } from "../../src/text/idf.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import { createNodeSql } from "../support/node-sql.ts";
import { createRandom } from "../../scripts/chaos/random.ts";

const kernel = new WebAssembly.Module(readFileSync(toBinaryPath(KERNELS.int8)));
const HOUR_MS = 3_600_000;
const K1 = 1.2;
const B = 0.75;

function makeDocuments(count: number): readonly DocumentWrite[] {
  const random = createRandom(9);
  return Array.from({ length: count }, (_, index) => {
    const length = 3 + Math.floor(random() ** 3 * 80);
    const text = Array.from({ length }, () => `w${Math.floor(60 ** random())}x`).join(" ");
    return toDocument(`d${index}`, [text], { title: "" });
  });
}

function makeCollection() {
  const sql = createNodeSql();
  const collection = new Collection(sql, kernel);
  collection.init(spec, false, 0);
  let nowMs = 0;
  const change = (put: readonly DocumentWrite[], remove: readonly string[] = []): void => {
    nowMs += HOUR_MS;
    const wire = { put: put.map(toDocumentWire), remove };
    commit(sql, collection, wire, { step: null, nowMs });
  };
  return {
    sql,
    collection,
    change,
    tidy: () => tidy(sql, collection, nowMs + HOUR_MS),
  };
}

/** BM25 by its definition over the tokens of the chunks, measured by the mean length given. */
function rank(documents: readonly DocumentWrite[], words: readonly string[], mean: number) {
  const texts = documents.map(({ id, chunks: [first] }) => {
    const { headings } = first?.chunk.location ?? { headings: [] };
    const content = `${headings.join(" ")} ${first?.chunk.text ?? ""}`.toLowerCase();
    return { id, tokens: content.split(/\s+/).filter((token) => token !== "") };
  });
  const counts = words.map((word) => texts.filter(({ tokens }) => tokens.includes(word)).length);
  return texts
    .map(({ id, tokens }) => {
      const score = words.reduce((sum, word, index) => {
        const frequency = tokens.filter((token) => token === word).length;
        const norm = K1 * (1 - B + (B * tokens.length) / mean);
        const idf = toIdf(counts[index] ?? 0, texts.length);
        return sum + (idf * frequency * (K1 + 1)) / (frequency + norm);
      }, 0);
      return { id, score };
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 10)
    .map(({ score }) => score);
}

const ask = (collection: Collection, words: readonly string[], chunkTerms: number | null) => {
  const { version } = collection.state;
  const { chunks, frequencies } = collection.terms(version, words.join(" "));
  const terms = frequencies.map(([term, count]) => ({ term, idf: toIdf(count, chunks) }));
  const query = { type: "keyword", terms, limit: 10, filter: null, chunkTerms } as const;
  return collection.search(version, query).map(({ score }) => score);
};
const meanOf = (collection: Collection): number =>
  (collection.state.terms ?? 0) / collection.state.chunks;
/** The largest difference of two lists of scores. */
function differ(found: readonly number[], expected: readonly number[]): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...found.map((score, index) => Math.abs(score - (expected[index] ?? 0))));
}
const SAME = 1e-6;
const QUESTIONS = [["w1x"], ["w2x", "w30x"], ["w3x", "w17x", "w45x"]];

test("scores are those of the definition", () => {
  const { collection, change } = makeCollection();
  const documents = makeDocuments(200);
  change(documents);
  for (const words of QUESTIONS) {
    const expected = rank(documents, words, meanOf(collection));
    expect(differ(ask(collection, words, meanOf(collection)), expected)).toBeLessThan(SAME);
    expect(differ(ask(collection, words, null), expected)).toBeLessThan(SAME);
  }
});

test("scores are measured by the mean length of a larger collection", () => {
  const { collection, change } = makeCollection();
  const documents = makeDocuments(200);
  change(documents);
  for (const words of QUESTIONS) {
    for (const factor of [0.5, 0.98, 1.01, 3]) {
      const mean = meanOf(collection) * factor;
      const expected = rank(documents, words, mean);
      expect(differ(ask(collection, words, mean), expected)).toBeLessThan(SAME);
    }
  }
});

test("scores stay those of the definition when rows were deleted for good", () => {
  const { sql, collection, change, tidy: sweep } = makeCollection();
  const documents = makeDocuments(200);
  change(documents);
  change(
    [],
    documents.slice(0, 150).map(({ id }) => id),
  );
  change([]);
  sweep();
  const { rows } = sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM words_docsize").one();
  expect(rows).toBe(50);
  for (const words of QUESTIONS) {
    const expected = rank(documents.slice(150), words, meanOf(collection));
    expect(differ(ask(collection, words, meanOf(collection)), expected)).toBeLessThan(SAME);
  }
});
