/** What the platform's database takes of an object at most, and what of ours comes near to it. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KERNELS, toBinaryPath } from "../../scripts/build-vector-scan.ts";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import type { Filter } from "../../src/domain/filter.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";
import { commit, verify } from "../../src/worker/durable/change-collection.ts";
import { Collection } from "../../src/worker/durable/collection.ts";
import { toDocumentWire } from "../../src/worker/durable/document-wire.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import { createNodeSql } from "../support/node-sql.ts";

const kernel = new WebAssembly.Module(readFileSync(toBinaryPath(KERNELS.int8)));

function createCollection(own: Partial<CollectionSpec> = {}) {
  const sql = createNodeSql();
  const collection = new Collection(sql, kernel);
  collection.init({ ...spec, ...own }, false, 0);
  return {
    collection,
    put: (...documents: readonly DocumentWrite[]) =>
      commit(
        sql,
        collection,
        { put: documents.map(toDocumentWire), remove: [] },
        { step: null, nowMs: 0 },
      ),
    verify: () => verify(sql, collection),
  };
}

/** The first chunk with what the test gives it. */
function withChunk(
  document: DocumentWrite,
  own: Partial<DocumentWrite["chunks"][number]["chunk"]>,
): DocumentWrite {
  const [first, ...others] = document.chunks;
  if (first === undefined) throw new Error("the document has no chunk");
  return { ...document, chunks: [{ ...first, chunk: { ...first.chunk, ...own } }, ...others] };
}

test("a chunk of a megabyte is kept and found", () => {
  const { collection, put, verify } = createCollection();
  put(toDocument("a", [`first ${`${"lorem".repeat(12)} `.repeat(16_000)}`]));
  expect(verify()).toEqual([]);
  const [json] = collection.take(["0"]);
  expect(json?.length).toBeGreaterThan(900_000);
});

describe("what is larger than a row is refused by its name", () => {
  const short = toDocument("big", ["short"]);
  const withText = (text: string): DocumentWrite => withChunk(short, { text });
  const cases: readonly (readonly [string, DocumentWrite, string])[] = [
    ["a text", withText(`${"x".repeat(60)} `.repeat(36_000)), "chunk 0 of document big"],
    [
      "the words of a text in other letters, each of which is four digits in the index",
      withText(`${"ж".repeat(64)} `.repeat(9_000)),
      "the index of chunk 0 of document big",
    ],
    [
      "metadata that a filter reads, which lie in the row twice",
      withChunk(short, { metadata: { kind: "k".repeat(1_100_000) } }),
      "chunk 0 of document big",
    ],
    [
      "where a document is from",
      { ...short, source: "s".repeat(2_100_000) },
      "the entry of document big",
    ],
    [
      "the same in letters of three bytes",
      { ...short, source: "가".repeat(700_000) },
      "the entry of document big",
    ],
  ];
  test.each(cases)("%s", (_, document, named) => {
    const { put } = createCollection({ metadata: { kind: "string" } });
    expect(() => put(document)).toThrow(
      expect.objectContaining({
        code: "payload_too_large",
        detail: expect.stringContaining(named),
      }),
    );
  });
});

test("as many metadata fields as there may be are written, and filtered on by as many conditions at once", () => {
  const names = Array.from({ length: 80 }, (_, index) => `${"f".repeat(60)}${index}`);
  const metadata = Object.fromEntries(names.map((name) => [name, "string" as const]));
  const { collection, put } = createCollection({ metadata });
  const values = Object.fromEntries(names.map((name) => [name, "v"]));
  put(
    withChunk(toDocument("a", ["red cats"]), { metadata: values }),
    toDocument("b", ["red dogs"]),
  );
  // With the two around them a hundred.
  const all: readonly Filter[] = Array.from({ length: 98 }, (_, index) => ({
    field: `metadata.${names[index % names.length] ?? ""}`,
    op: "eq",
    value: "v",
  }));
  for (const filter of [{ and: all }, { or: all }, { not: { and: all } }] as readonly Filter[]) {
    const hits = collection.search(collection.state.version, {
      type: "keyword",
      terms: [{ term: "red", idf: 1 }],
      limit: 5,
      filter: JSON.stringify(filter),
      chunkTerms: null,
    });
    expect(hits).toHaveLength(1);
  }
});

test.each([1, 8_192])("blobs of vectors of %i dimensions are small enough", (dimensions) => {
  const { collection, put } = createCollection({ dimensions });
  const vector = Float32Array.from({ length: dimensions }, (_, index) => (index === 0 ? 1 : 0));
  const count = dimensions === 1 ? 2_000 : 300;
  const document = toDocument(
    "a",
    Array.from({ length: count }, (_, index) => `text ${index}`),
  );
  put({ ...document, chunks: document.chunks.map((chunk) => ({ ...chunk, vector })) });
  const query = { type: "vector", vector: vector.buffer, limit: 5 } as const;
  const hits = collection.search(collection.state.version, { ...query, filter: null });
  expect(hits).toHaveLength(5);
});
