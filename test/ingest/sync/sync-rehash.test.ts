/** A file whose bytes changed and whose document did not is parsed once more, and then known again. */
import { expect, test } from "vitest";
import type { SyncDeps } from "../../../ingest/sync/sync-plan.ts";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { makeTempFolder } from "../../support/local-store.ts";
import { createRecordingEmbedder } from "../../support/recording-embedder.ts";
import { toSyncPlan } from "../../support/sync-plan.ts";

const signal = new AbortController().signal;

/** Syncs texts of which the loader leaves out blanks at the ends; tells which files it parsed. */
async function sync(store: WriteStore, files: Readonly<Record<string, string>>) {
  const parsed: string[] = [];
  const embedded: string[] = [];
  const deps: SyncDeps = {
    store,
    embedder: createRecordingEmbedder(embedded),
    async *load({ id }) {
      parsed.push(id);
      const text = (files[id] ?? "").trim();
      const document = { id, source: id, title: id, text, sections: [], metadata: {} };
      yield { type: "document", document: { ...document, kind: "prose" } };
    },
    read: ({ id }) => new TextEncoder().encode(files[id]),
  };
  const report = await syncDocuments(deps, toSyncPlan(Object.keys(files)), signal);
  return { report, parsed, embedded };
}

test.each(["in memory", "on LanceDB"])(
  "%s, what was found to be the same is not parsed by the run after",
  async (name) => {
    await using folder = await makeTempFolder();
    const store =
      name === "in memory"
        ? createMemoryStore()
        : await createLanceStore({ uri: folder.path, config: parseConfig({}), clock: systemClock });
    const before = { "a.md": "Herons are grey.", "b'c.md": "Swans are white.", "d.md": "Owls." };
    const after = { ...before, "a.md": " Herons are grey.\n", "b'c.md": "Swans are white.\n\n" };
    await sync(store, before);
    const touched = await sync(store, after);
    expect(touched).toMatchObject({ parsed: ["a.md", "b'c.md"], embedded: [] });
    expect(touched.report).toMatchObject({ unchanged: 3, changed: 0, chunksAdded: 0, chunks: 3 });
    const again = await sync(store, after);
    expect(again).toMatchObject({ parsed: [], embedded: [] });
    expect(again.report).toMatchObject({ unchanged: 3, version: touched.report.version });
    const writer = await store.openWriter("notes", signal);
    expect(await writer.verify(signal)).toEqual([]);
    await writer.close();
  },
);
