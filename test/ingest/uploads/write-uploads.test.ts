import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLoadPool } from "../../../ingest/load/load-pool.ts";
import { writeUploads } from "../../../ingest/uploads/write-uploads.ts";
import type { UploadAnswer } from "../../../src/node/uploads/upload-protocol.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import { noTracer } from "../../../src/telemetry/tracer.ts";
import { wordEmbedder } from "../../support/collections.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "uploads-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("files that would be begun after half a minute are left for a later batch", async () => {
  const path = join(folder, "one.txt");
  await writeFile(path, "Retries wait longer each time.");
  // Each file takes fifteen seconds, which is as long as one may.
  let nowMs = -15_000;
  const clock = { now: () => (nowMs += 15_000) };
  const pool = createLoadPool();
  const answers: UploadAnswer[] = [];
  const items = ["a.txt", "b.txt", "c.txt"].map((documentId, key) => ({
    key,
    change: {
      callerId: "a",
      collection: "guide",
      documentId,
      put: { path, format: "text" as const },
    },
  }));
  const deps = {
    store: createMemoryStore(),
    embedder: wordEmbedder,
    pool,
    tracer: noTracer,
    clock,
  };
  await writeUploads(
    deps,
    { type: "batch", collection: "guide", items },
    { tell: (answer) => void answers.push(answer), isCancelled: () => false },
  );
  await pool.close();
  const ends = answers.flatMap((answer) =>
    "key" in answer && answer.type !== "stage" ? [[answer.type, answer.key]] : [],
  );
  expect(ends).toEqual([
    ["later", 2],
    ["done", 0],
    ["done", 1],
  ]);
});
