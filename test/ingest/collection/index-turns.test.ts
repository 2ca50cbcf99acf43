/** Indexes that a long run brings up on its way. */
import { expect, test } from "vitest";
import { SYNC_LIMITS } from "../../../ingest/sync-limits.ts";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { wordEmbedder } from "../../support/collections.ts";

const { signal } = new AbortController();

/** Each commit counts as half of what is left without indexes; `steps` gets what the writer does. */
function createStore(steps: string[]): WriteStore {
  const store = createMemoryStore();
  return {
    ...store,
    async create(spec, stop) {
      const writer = await store.create(spec, stop);
      return {
        ...writer,
        get info() {
          return writer.info;
        },
        async commit(change, stop) {
          steps.push("commit");
          const chunksAdded = SYNC_LIMITS.unindexedChunksMax / 2;
          return { ...(await writer.commit(change, stop)), chunksAdded };
        },
        async index(stop, progress) {
          steps.push("INDEX");
          return writer.index(stop, progress);
        },
      };
    },
  };
}

test("a first run has them made before a commit that finds many chunks without, and for three times as many", async () => {
  const steps: string[] = [];
  const count = 8 * SYNC_LIMITS.commitChunksMin;
  const files = Array.from({ length: count }, (_, index) => ({ id: `${index}`, path: `${index}` }));
  const load = async function* ({ id }: { readonly id: string }) {
    const document = { id, source: id, title: id, text: `Text ${id}.`, sections: [], metadata: {} };
    yield { type: "document" as const, document: { ...document, kind: "prose" as const } };
  };
  const deps = { store: createStore(steps), embedder: wordEmbedder, load, read: () => undefined };
  const plan = {
    collection: "notes",
    files,
    problems: [],
    covers: () => false,
    deleteMissing: false,
    dryRun: false,
  };
  const report = await syncDocuments(deps, plan, signal);
  expect(report).toMatchObject({ outcome: "finished", documents: count });
  const runs = steps.join(" ").replaceAll("commit", "c").replaceAll("INDEX", "i");
  expect(runs).toBe("c c i c c c c i c c i");
});
