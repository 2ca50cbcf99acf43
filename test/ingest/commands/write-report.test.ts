/** What a sync that was cut off says of the indexes. */
import { expect, test } from "vitest";
import { createOutput } from "../../../ingest/commands/output.ts";
import { writeReport } from "../../../ingest/commands/write-report.ts";
import type { SyncReport } from "../../../ingest/sync/sync-plan.ts";

const report: SyncReport = {
  collection: "notes",
  dryRun: false,
  outcome: "cancelled",
  created: true,
  added: 0,
  changed: 0,
  unchanged: 0,
  carried: 0,
  removed: 0,
  blank: 0,
  missing: 0,
  failed: 0,
  warnings: 0,
  chunksAdded: 0,
  chunksChanged: 0,
  chunksRemoved: 0,
  problems: [],
  unsupported: {},
  documents: 0,
  chunks: 0,
  version: 1,
  elapsedMs: 5,
};

test.each([
  ["has committed something", { added: 3 }, true],
  ["has committed nothing", {}, false],
  ["has ended", { added: 3, outcome: "finished" as const }, false],
])("a run that %s", (_, change, isSaid) => {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) };
  const options = { usdPerMillionTokens: undefined, goesOn: false };
  writeReport({ ...report, ...change }, createOutput(false, stream, stream), options);
  const said = /may not be in its indexes yet.*pnpm ingest optimize notes\n/.test(lines.join(""));
  expect(said).toBe(isSaid);
});
