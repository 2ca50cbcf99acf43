import { expect, test } from "vitest";
import { createTermsKeep } from "../../../src/stores/lance/keep-terms.ts";
import { createTermTable } from "../../../src/stores/lance/term-table.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const FRESHNESS_MS = 1_000;
const [READ, HOUR_MS] = [7, 3_600_000];

test.each([
  ["of the version that is read", READ, true],
  ["of a newer version", READ + 1, true],
  ["of an older version, whose successor may be written soon", READ - 1, false],
  ["that are not there yet", undefined, false],
])("statistics %s", async (_, version, isForGood) => {
  const clock = createFakeClock();
  const { find, keep } = createTermsKeep({ version: READ, clock, freshnessMs: FRESHNESS_MS });
  expect(find()).toBeUndefined();
  const rest = { chunks: 1, trainedRows: 0, changedRows: 0, counts: new Map(), forms: new Map() };
  const counted = version === undefined ? undefined : createTermTable({ version, ...rest });
  expect(keep(counted)).toBe(counted);
  await clock.advance(FRESHNESS_MS - 1);
  expect(find()).toMatchObject({ counted });
  await clock.advance(HOUR_MS);
  expect(find() !== undefined).toBe(isForGood);
});
