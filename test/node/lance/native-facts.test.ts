/** What the native library does that the store is built around; if one of these changes, so may the store. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection, Table } from "@lancedb/lancedb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { connectLance } from "../../../src/node/lance/base.ts";
import { lancedb } from "../../../src/node/lance/native.ts";
import { toRows } from "../../../src/node/lance/rows.ts";
import { toSchema } from "../../../src/node/lance/schema.ts";
import { isConflict } from "../../../src/node/lance/store-error.ts";
import { DIMENSIONS, spec, toDocument, toVector } from "../../conformance/store-data.ts";

describe("the native library", () => {
  let folder: string;
  let connection: Connection;
  let table: Table;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tributary-facts-"));
    ({ connection } = await connectLance({
      uri: folder,
      config: parseConfig({}),
      clock: systemClock,
    }));
    table = await connection.createEmptyTable(spec.name, toSchema(spec));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const rowsOf = (...ids: string[]) =>
    toRows(
      ids.map((id) => toDocument(id, ["text"])),
      spec,
      toSchema(spec),
    );
  const merge = async (handle: Table, ...ids: string[]) =>
    handle
      .mergeInsert("id")
      .useIndex(false)
      .whenMatchedUpdateAll()
      .whenNotMatchedInsertAll()
      .execute(rowsOf(...ids));

  test("keeps the key that the schema names, so that racing writers insert a new row once", async () => {
    const handles = await Promise.all(
      [0, 1, 2, 3].map(async () => connection.openTable(spec.name)),
    );
    for (let round = 0; round < 5; round += 1) {
      const ids = Array.from({ length: 10 }, (_, index) => `r${round}-${index}`);
      await Promise.allSettled(handles.map(async (handle) => merge(handle, ...ids)));
    }
    await table.checkoutLatest();
    expect(await table.countRows()).toBe(50);
  });

  test("stores a key twice when one batch holds it twice, so changes are checked before", async () => {
    await merge(table, "a", "a");
    expect(await table.countRows()).toBe(2);
  });

  test("takes vectors of any length and fills them up, so vectors are checked before", async () => {
    const plain = await connection.createTable("plain", [{ id: "a", vector: [1, 2, 3, 4] }]);
    await plain.add([{ id: "short", vector: [1] }]);
    expect(await plain.countRows()).toBe(2);
  });

  test("leaves a handle on its version after a lost race, until it is brought forward", async () => {
    await merge(table, "a");
    const late = await connection.openTable(spec.name);
    const before = await late.version();
    await merge(table, "b");
    expect(await late.version()).toBe(before);
    await late.checkoutLatest();
    expect(await late.version()).toBe(before + 1);
  });

  test("keeps rows without a vector out of a search by vector", async () => {
    await table.add(
      toRows([toDocument("a", ["x", "y"], { seeds: [1, null] })], spec, toSchema(spec)),
    );
    const query = table
      .vectorSearch(toVector(1))
      .distanceType("cosine")
      .select(["id", "_distance"]);
    const found: { readonly id: string }[] = await query.toArray();
    expect(found.map(({ id }) => id)).toEqual(["a#0"]);
  });

  test("damages a boolean column without values, so booleans are stored as numbers", () => {
    const types = toSchema(spec).fields.map(({ type }) => String(type));
    expect(types).not.toContain("Bool");
    expect(toSchema(spec).fields.at(-1)?.type.toString()).toContain(String(DIMENSIONS));
  });

  test("tokenizes as the index of a table does", async () => {
    const text = "The organisations' CAFÉS — naïve x_y 3.14 don't e-mail 東京タワー";
    await table.add(rowsOf("a"));
    const options = { language: "English", stem: true, removeStopWords: true, asciiFolding: true };
    for (const baseTokenizer of ["simple", "icu"] as const) {
      const config = lancedb.Index.fts({ ...options, baseTokenizer, withPosition: false });
      await table.createIndex("content", { config, replace: true });
      const ours = await lancedb.tokenize(text, { ...options, lowercase: true, baseTokenizer });
      expect(ours).toEqual(await table.tokenize(text, { column: "content" }));
    }
  });

  test("says conflict in words that are recognised", () => {
    expect(isConflict(new Error("lance error: Retryable commit conflict for version 7"))).toBe(
      true,
    );
    expect(isConflict(new Error("No space left on device"))).toBe(false);
  });
});
