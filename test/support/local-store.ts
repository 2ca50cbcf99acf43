/** A local store in a temporary folder with one small collection, written through the real adapters. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config.ts";
import type { Chunk } from "../../src/domain/chunk.ts";
import { createEmbedders, createStore } from "../../src/node/wire.ts";
import { fillCollection } from "./collections.ts";

const TEXTS: Readonly<Record<string, string>> = {
  "retries.md": "Retries use jitter so that clients do not come back at the same moment.",
  "queues.md": "A bounded queue rejects work when it is full.",
};

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

export async function makeTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "tributary-test-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Writes the collection `guide` into a new folder. */
export async function makeLocalStore(): Promise<TempFolder> {
  const folder = await makeTempFolder();
  const config = parseConfig({ DATA_DIR: folder.path });
  const store = await createStore(config);
  const { forIngest } = await createEmbedders(config);
  const chunks = Object.entries(TEXTS).map(([id, text]) => toChunk(id, text));
  await fillCollection(store, "guide", chunks, forIngest);
  return folder;
}

function toChunk(id: string, text: string): Chunk {
  return {
    id: `${id}#0`,
    documentId: id,
    position: 0,
    title: id === "retries.md" ? "Retries" : "Queues",
    location: { headings: id === "retries.md" ? ["Retries", "Jitter"] : [], page: 2 },
    start: 0,
    end: text.length,
    text,
    metadata: {},
  };
}
