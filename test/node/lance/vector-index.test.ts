/** The vector index over rows that are alike, as those of a log or a table of measurements are. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as lancedb from "@lancedb/lancedb";
import { expect, onTestFinished, test } from "vitest";
import { VECTOR_INDEX } from "../../../src/node/lance/indexer.ts";
import { createVectorIndex } from "../../../src/node/lance/vector-index.ts";

/** From here on LanceDB makes partitions of partitions, and refuses where that does not come to as many as were wanted. */
const ROWS = 40_000;

test.each([1, 100])("is made where rows have %i vectors among them", async (distinct) => {
  const folder = await mkdtemp(join(tmpdir(), "tributary-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const angle = (index % distinct) / distinct;
    return { vector: [Math.cos(angle), Math.sin(angle)] };
  });
  const table = await (await lancedb.connect(folder)).createTable("alike", rows);
  await createVectorIndex(table, ROWS);
  expect(await table.indexStats(VECTOR_INDEX)).toMatchObject({ numUnindexedRows: 0 });
  const near = table.vectorSearch([1, 0]).distanceType("cosine").minimumNprobes(20).limit(3);
  expect(await near.toArray()).toHaveLength(3);
});
