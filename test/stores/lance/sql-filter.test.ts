/** Conditions in SQL become typed filters that say the same, or are refused. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Filter } from "../../../src/domain/filter.ts";
import { AppError } from "../../../src/errors.ts";
import { matchesFilter } from "../../../src/stores/filter.ts";
import { toSql } from "../../../src/stores/lance/filter-sql.ts";
import { parseFilterSql, toRowFilter } from "../../../src/stores/lance/sql-filter.ts";
import {
  filterArbitrary,
  metadataArbitrary,
  spec,
  toDocument,
} from "../../conformance/store-data.ts";

const year = (op: "eq" | "ne" | "lt" | "gte", value: number): Filter => ({
  field: "metadata.year",
  op,
  value,
});
const hasYear: Filter = { field: "metadata.year", op: "exists" };

describe("a condition is the filter that holds where it is true", () => {
  test.each<readonly [string, Filter]>([
    ["title = 'it''s'", { field: "title", op: "eq", value: "it's" }],
    ["`meta_year` >= 2020", year("gte", 2020)],
    ["meta_year <> 5", { and: [hasYear, year("ne", 5)] }],
    ["NOT (meta_year >= 5)", year("lt", 5)],
    ["NOT meta_year = 5", { and: [hasYear, year("ne", 5)] }],
    ["meta_year IS NULL OR meta_year <> 5", year("ne", 5)],
    ["meta_year is not null and meta_year = 5", year("eq", 5)],
    ["meta_open = 1", { field: "metadata.open", op: "eq", value: true }],
    ["meta_open = false", { field: "metadata.open", op: "eq", value: false }],
    ["array_has(meta_tags, 'x')", { field: "metadata.tags", op: "has", value: "x" }],
    ["title IN ('a', 'b')", { field: "title", op: "in", values: ["a", "b"] }],
    ["NOT NOT page = 3", { field: "page", op: "eq", value: 3 }],
    [
      "title = 'a' OR title = 'b' AND page = 1",
      {
        or: [
          { field: "title", op: "eq", value: "a" },
          {
            and: [
              { field: "title", op: "eq", value: "b" },
              { field: "page", op: "eq", value: 1 },
            ],
          },
        ],
      },
    ],
  ])("%s", (text, expected) => expect(parseFilterSql(text, spec)).toEqual(expected));

  test("what our own compiler writes is read back as a filter that says the same", () => {
    fc.assert(
      fc.property(filterArbitrary, metadataArbitrary, (filter, metadata) => {
        const read = parseFilterSql(toSql(filter, spec), spec);
        const [chunk] = toDocument("d'", ["text"], { metadata, title: "t" }).chunks;
        if (chunk === undefined) throw new Error("no chunk");
        expect(matchesFilter(read, chunk.chunk)).toBe(matchesFilter(filter, chunk.chunk));
      }),
      { numRuns: 2_000 },
    );
  });

  test("and grows by nothing: a filter of one leaf is read back as itself", () => {
    const isLeaf = (filter: Filter): boolean =>
      "op" in filter && !("value" in filter && Object.is(filter.value, -0));
    fc.assert(
      fc.property(filterArbitrary.filter(isLeaf), (filter) => {
        const sql = toSql(filter, spec);
        expect(toSql(parseFilterSql(sql, spec), spec)).toBe(sql);
      }),
    );
  });
});

test("rows by their ids, and positions beside a filter, are understood", () => {
  expect(toRowFilter("_rowid IN (0, 18446744073709551615)", spec)).toEqual({
    rows: [0n, 18_446_744_073_709_551_615n],
  });
  expect(toRowFilter("`documentId` = 'a''b' AND position >= 3", spec)).toEqual({
    where:
      "position >= CAST('3e+0' AS DOUBLE) AND (`documentId` IS NOT NULL AND `documentId` = 'a''b')",
  });
});

describe("anything else is refused, and nothing of it is repeated", () => {
  test.each([
    "",
    "1 = 1",
    "title",
    "title = title",
    "title LIKE 'a%'",
    "title = 'a' --",
    "title = 'a'; DROP TABLE guide",
    "title = 'a' UNION SELECT 1",
    "length(title) = 1",
    "regexp_match(title, 'a')",
    "title || 'x' = 'ax'",
    'title = "a"',
    "title = 'a",
    "(title = 'a'",
    "title = 'a')",
    "title IN ()",
    "title IN (SELECT 1)",
    "title BETWEEN 'a' AND 'b'",
    "secret = 'a'",
    "content = 'a'",
    "meta_constructor = 'a'",
    "meta_year = 'x'",
    "meta_open < true",
    "title = NULL",
    "CAST('x' AS DOUBLE) = 1",
    "page = CAST('1e999' AS DOUBLE)",
    "page = CAST('1' AS VARCHAR)",
    "_rowid = 1",
    "_rowid IN (1.5)",
    "_rowid IN (1) AND title = 'a'",
    "NOT position = 0",
    "position = 0 OR title = 'a'",
    `${"(".repeat(65)}page = 1${")".repeat(65)}`,
    `${"NOT ".repeat(25_000)}page = 1`,
    `page IN (${Array.from({ length: 10_002 }, () => "1").join(",")})`,
  ])("%#: %.60s", (text) => {
    const refusal = refuse(() => toRowFilter(text, spec));
    expect(refusal.code).toBe("invalid_filter");
    expect(refusal.detail).toMatch(/\w/);
    expect(refusal.detail).not.toMatch(/DROP|UNION|SELECT|secret'/);
  });
});

function refuse(work: () => unknown): AppError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("was not refused");
}
