/** A file that somebody writes to while it is ingested: what is stored is what its hash is of. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadFile } from "../../../ingest/load/load-file.ts";
import { createLoadPool } from "../../../ingest/load/load-pool.ts";
import { readRegular } from "../../../ingest/files/read-regular.ts";
import type { SyncDeps } from "../../../ingest/sync/sync-plan.ts";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { makeTempFolder } from "../../support/local-store.ts";
import { createRecordingEmbedder } from "../../support/recording-embedder.ts";

const signal = new AbortController().signal;

test("a file that is cut short for a moment is not stored so for good", async () => {
  await using folder = await makeTempFolder();
  const path = join(folder.path, "a.md");
  const whole = "Herons are grey. Swans are white.";
  writeFileSync(path, whole);
  const pool = createLoadPool();
  const embedded: string[] = [];
  const deps: SyncDeps = {
    store: createMemoryStore(),
    embedder: createRecordingEmbedder(embedded),
    load: (file, loading, bytes) => loadFile(file, pool, loading, bytes),
    read(file) {
      const read = readRegular(file, { fileBytesMax: 1_000 });
      writeFileSync(path, "Herons"); // an editor begins to save the same text again
      return "type" in read ? undefined : read;
    },
  };
  const plan = {
    collection: "notes",
    files: [{ id: "a.md", path }],
    problems: [],
    covers: () => true,
    deleteMissing: false,
    dryRun: false,
  };
  await syncDocuments(deps, plan, signal);
  writeFileSync(path, whole);
  const report = await syncDocuments(deps, plan, signal);
  expect(report).toMatchObject({ unchanged: 1, documents: 1 });
  expect(embedded).toEqual([expect.stringContaining(whole)]);
});
