/** A collection in an object's database: one that an earlier release made is read and written as it is. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { KERNELS, toBinaryPath } from "../../scripts/build-vector-scan.ts";
import { commit, verify } from "../../src/worker/durable/change-collection.ts";
import { Collection } from "../../src/worker/durable/collection.ts";
import { toDocumentWire } from "../../src/worker/durable/document-wire.ts";
import { toColumns } from "../../src/worker/durable/chunk-columns.ts";
import { toColumn, toFilterSql, toSlotsSql } from "../../src/worker/durable/filter-sql.ts";
import { createTables, readState, writeState } from "../../src/worker/durable/tables.ts";
import type { DocumentWrite } from "../../src/stores/store.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { createNodeSql } from "../support/node-sql.ts";

const kernel = new WebAssembly.Module(readFileSync(toBinaryPath(KERNELS.int8)));

test("one without counted terms goes on without them", () => {
  const sql = createNodeSql();
  new Collection(sql, kernel).init(spec, false, 0);
  sql.exec("ALTER TABLE chunks DROP COLUMN terms;");
  const made = readState(sql);
  if (made === undefined) throw new Error("the collection was not made");
  const { terms: _, ...state } = made;
  writeState(sql, state);
  const collection = new Collection(sql, kernel);
  const change = (put: readonly DocumentWrite[], remove: readonly string[]): unknown =>
    commit(sql, collection, { put: put.map(toDocumentWire), remove }, { step: null, nowMs: 0 });
  change([toDocument("a", ["red cats", "blue cats"]), toDocument("b", ["red dogs"])], []);
  change([toDocument("c", ["red birds"])], ["b"]);
  expect(collection.describe()).toMatchObject({ documents: 2, chunks: 3, terms: null });
  expect(verify(sql, collection)).toEqual([]);
  const { version } = collection.state;
  const { frequencies } = collection.terms(version, "red");
  expect(frequencies).toEqual([["red", 2]]);
  const words = {
    type: "keyword",
    terms: [{ term: "red", idf: 1 }],
    limit: 5,
    filter: null,
    chunkTerms: null,
  } as const;
  expect(collection.search(version, words)).toHaveLength(2);
  const vector = {
    type: "vector",
    vector: toVector(0).buffer as ArrayBuffer,
    limit: 5,
    filter: null,
  } as const;
  expect(collection.search(version, vector)).toHaveLength(3);
});

test("what a filter asks of every chunk is read beside the chunks, not with their texts and vectors", () => {
  const fields = Array.from({ length: 77 }, (_, index) => [`extra${index}`, "string"] as const);
  for (const metadata of [spec.metadata, { year: "number", ...Object.fromEntries(fields) }]) {
    const sql = createNodeSql();
    createTables(sql, { ...spec, metadata } as typeof spec);
    const filter = toFilterSql({
      and: [
        { field: "metadata.year", op: "gte", value: 2020 },
        { not: { field: "title", op: "eq", value: "x" } },
      ],
    });
    const plan = sql.exec<{ detail: string }>(
      `EXPLAIN QUERY PLAN ${toSlotsSql(filter)}`,
      filter.values,
    );
    expect(plan.toArray()[0]?.detail).toBe("SCAN chunks USING COVERING INDEX chunks_fields");
  }
});

test("a field that every object of JavaScript has is there only where a chunk has it", () => {
  const metadata = { constructor: "string", tags: "string[]" } as const;
  const columns = toDocument("a", ["text"]).chunks.map(({ chunk }) =>
    Object.keys(toColumns(chunk, { ...spec, metadata })),
  );
  expect(columns).toEqual([[toColumn("documentId"), toColumn("title")]]);
});
