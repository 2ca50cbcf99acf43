import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { LoadedDocument } from "../../../ingest/document.ts";
import type { LoadEvent } from "../../../ingest/loaders/load-event.ts";
import type { SyncDeps, SyncPlan } from "../../../ingest/sync/sync-plan.ts";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { isUploaded, toUploadSource } from "../../../ingest/uploads/upload-source.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import type { Chunk } from "../../../src/domain/chunk.ts";
import type { Embedder } from "../../../src/models/model.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { toSyncPlan } from "../../support/sync-plan.ts";

const signal = new AbortController().signal;
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(
    folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })),
  );
});

async function createStore(): Promise<WriteStore> {
  const uri = await mkdtemp(join(tmpdir(), "tributary-uploads-"));
  folders.push(uri);
  return createLanceStore({ uri, config: parseConfig({}), clock: systemClock });
}

const embedder: Embedder = {
  id: "test:length",
  dimensions: 2,
  batchMax: 4,
  fusionWeight: 0.5,
  embed: async (texts) =>
    texts.map(({ length }) => Float32Array.of(Math.cos(length), Math.sin(length))),
};

/** A text is a document; a list is what the loader makes of the file. */
type Files = Readonly<Record<string, string | readonly LoadEvent[]>>;

function toDocument(id: string, text: string, metadata = {}): LoadEvent {
  const source = id.replace(/#.*/, "");
  const document: LoadedDocument = {
    id,
    source,
    title: id,
    text,
    sections: [],
    kind: "prose",
    metadata,
  };
  return { type: "document", document };
}

function toFault(id: string): LoadEvent {
  const message = `${id}: is damaged`;
  return { type: "problem", id, code: "damaged", severity: "error", message };
}

function sync(store: WriteStore, files: Files, plan: Partial<SyncPlan> = {}, other = embedder) {
  const deps: SyncDeps = {
    store,
    embedder: other,
    async *load({ id }) {
      const content = files[id] ?? [];
      yield* typeof content === "string" ? [toDocument(id, content)] : content;
    },
    read: ({ id }) => new TextEncoder().encode(JSON.stringify(files[id])),
  };
  const covers = (source: string): boolean => !isUploaded(source);
  return syncDocuments(deps, toSyncPlan(Object.keys(files), { covers, ...plan }), signal);
}

async function readChunks(store: WriteStore, documentId: string): Promise<readonly Chunk[]> {
  const snapshot = await store.open("notes", signal);
  const rows = await snapshot.rowsOf({ documentId, from: 0, limit: 100 }, signal);
  const chunks = await snapshot.take(rows, signal);
  return chunks.filter((chunk) => chunk !== undefined);
}

/** Text by id of every document. */
async function readTexts(store: WriteStore): Promise<Readonly<Record<string, string>>> {
  const snapshot = await store.open("notes", signal);
  const states = await snapshot.documents({ limit: 1_000 }, signal);
  const pairs = states.map(async ({ id }) => {
    const chunks = await readChunks(store, id);
    return [id, chunks.map(({ text }) => text).join("|")] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

/** Stores the files as uploads of their names are: the same hashes, another source. */
async function upload(store: WriteStore, files: Files): Promise<void> {
  await sync(store, files);
  const names = Object.keys(files);
  const snapshot = await store.open("notes", signal);
  const states = await snapshot.documents({ limit: 1_000 }, signal);
  const put = states
    .filter(({ source }) => names.includes(source))
    .map(async (state) => {
      const stored = await readChunks(store, state.id);
      const chunks = stored.map((chunk) => ({ chunk, vector: Float32Array.of(1, 0) }));
      const [first] = stored;
      const source = toUploadSource(state.source);
      return { ...state, source, chunks, metadata: first?.metadata ?? {} };
    });
  const writer = await store.openWriter("notes", signal);
  await writer.commit({ put: await Promise.all(put), remove: [] }, signal);
  await writer.close();
}

describe("a file of a folder takes the place of an upload of its id", () => {
  test("also with the same content: the folder decides about it from then on", async () => {
    const store = await createStore();
    await upload(store, { "n.md": "One." });
    expect(await sync(store, { "n.md": "One." })).toMatchObject({ changed: 1, unchanged: 0 });
    expect(await sync(store, { "n.md": "One." })).toMatchObject({ changed: 0, unchanged: 1 });
    const report = await sync(store, { "a.md": "Other." }, { deleteMissing: true });
    expect(report).toMatchObject({ removed: 1 });
    expect(await readTexts(store)).toEqual({ "a.md": "Other." });
  });

  test.each([false, true])("a table as a whole, dry first: %s", async (deleteMissing) => {
    const store = await createStore();
    const rows = ["1", "2", "3"].map((row) => toDocument(`n.csv#${row}`, `Row ${row}.`));
    await upload(store, { "n.csv": rows, "m.csv": [toDocument("m.csv#1", "Kept.")] });
    const files = { "n.csv": rows.slice(0, 2) };
    for (const dryRun of [true, false]) {
      const report = await sync(store, files, { deleteMissing, dryRun });
      expect(report).toMatchObject({ changed: 2, removed: 1, missing: 0 });
    }
    expect(await readTexts(store)).toEqual({
      "m.csv#1": "Kept.",
      "n.csv#1": "Row 1.",
      "n.csv#2": "Row 2.",
    });
  });

  test("but not one that cannot be read, and no folder's file that is not there", async () => {
    const store = await createStore();
    await upload(store, { "n.md": "One.", "m.md": "Two." });
    const report = await sync(store, { "n.md": [toFault("n.md")] }, { deleteMissing: true });
    expect(report).toMatchObject({ failed: 1, removed: 0 });
    expect(await readTexts(store)).toEqual({ "n.md": "One.", "m.md": "Two." });
  });
});

test("a file of which a part cannot be read is reported by every run", async () => {
  const store = await createStore();
  const files = { "a.pdf": [toDocument("a.pdf", "Page one."), toFault("a.pdf")] };
  expect(await sync(store, files)).toMatchObject({ added: 1, failed: 1 });
  expect(await sync(store, files)).toMatchObject({ unchanged: 1, failed: 1 });
  const strict = await sync(store, files, { strict: true });
  expect(strict).toMatchObject({ outcome: "failed", error: { code: "invalid_request" } });
});

describe("a collection that is built anew loses nothing silently", () => {
  const other: Embedder = { ...embedder, id: "test:other" };
  const changes: readonly (readonly [string, Partial<SyncPlan>, Embedder])[] = [
    ["language", { language: "german" }, embedder],
    ["embedder", {}, other],
    ["fields", { metadata: { year: "number" } }, embedder],
  ];
  const ways = changes.flatMap(([what, plan, next]) =>
    [false, true].map((deleteMissing) => [what, { ...plan, deleteMissing }, next] as const),
  );

  test.each(ways)("uploads and what cannot be read stay: %s, %j", async (_, plan, next) => {
    const store = await createStore();
    await upload(store, { "up.md": [toDocument("up.md", "Uploaded.", { year: "2024" })] });
    await sync(store, { "a.md": "One.", "b.pdf": "Two.", "gone.md": "Old." });
    const files = { "a.md": "One.", "b.pdf": [toFault("b.pdf")] };
    const removed = plan.deleteMissing ? 1 : 0;
    const expected = { removed, missing: 1 - removed, carried: 3 - removed, failed: 1 };
    expect(await sync(store, files, { ...plan, dryRun: true }, next)).toMatchObject({
      ...expected,
      changed: 1,
      documents: 4,
    });
    const report = await sync(store, files, plan, next);
    expect(report).toMatchObject({ outcome: "finished", ...expected, added: 1 });
    expect(await readTexts(store)).toEqual({
      "a.md": "One.",
      "b.pdf": "Two.",
      "up.md": "Uploaded.",
      ...(plan.deleteMissing ? {} : { "gone.md": "Old." }),
    });
    const snapshot = await store.open("notes", signal);
    const states = await snapshot.documents({ limit: 10 }, signal);
    expect(states.find(({ id }) => id === "up.md")?.source).toBe(toUploadSource("up.md"));
    const [chunk] = await readChunks(store, "up.md");
    expect(chunk?.metadata).toEqual({ year: plan.metadata === undefined ? "2024" : 2024 });
    const again = await sync(store, files, plan, next);
    expect(again).toMatchObject({ carried: 0, unchanged: 1, removed: 0, documents: 4 - removed });
  });

  test("a document of more chunks than a store gives at once is carried over whole", async () => {
    const store = await createStore();
    const sentence = "This sentence is one of many that make a paragraph long. ";
    const text = Array.from({ length: 1_100 }, (_, n) => `Number ${n}. ${sentence.repeat(19)}`);
    await sync(store, { "long.md": text.join("\n\n") });
    const before = await store.open("notes", signal);
    expect(before.info.chunks).toBeGreaterThan(1_000);
    const report = await sync(store, { "a.md": "One." }, { language: "german" });
    expect(report).toMatchObject({ outcome: "finished", carried: 1, failed: 0 });
    expect((await store.open("notes", signal)).info.chunks).toBe(before.info.chunks + 1);
  });

  test.each([false, true])("what cannot be carried over is named: %s", async (deleteMissing) => {
    const whole = await createStore();
    await upload(whole, { "up.md": "Uploaded." });
    const store: WriteStore = {
      ...whole,
      async open(collection, opening) {
        const snapshot = await whole.open(collection, opening);
        return { ...snapshot, take: async (rows) => rows.map(() => undefined) };
      },
    };
    const files = { "a.md": "One." };
    const plan = { language: "german", deleteMissing };
    const dry = await sync(store, files, { ...plan, dryRun: true });
    expect(dry).toMatchObject({ failed: 1, problems: [{ id: "up.md", code: "not-carried" }] });
    const refused = await sync(store, files, plan);
    expect(refused).toMatchObject({ outcome: "failed", error: { code: "unsupported_option" } });
    expect(refused.error?.detail).toMatch(/up\.md.*--accept-loss/);
    expect(await readTexts(whole)).toEqual({ "up.md": "Uploaded." });
    const accepted = await sync(store, files, { ...plan, acceptLoss: true });
    expect(accepted).toMatchObject({ outcome: "finished", removed: 1, failed: 1 });
    expect(await readTexts(whole)).toEqual({ "a.md": "One." });
  });

  test.each([false, true])(
    "what fits the new fields neither as it is read nor as it is stored has failed once: dry run %s",
    async (dryRun) => {
      const store = await createStore();
      await sync(store, { "a.md": [toDocument("a.md", "One.", { year: "soon" })] });
      await upload(store, { "up.md": [toDocument("up.md", "Uploaded.", { year: "late" })] });
      const files = { "a.md": [toDocument("a.md", "One.", { year: "soon" })] };
      const report = await sync(store, files, { metadata: { year: "number" }, dryRun });
      const { failed, problems } = report;
      expect([failed, ...problems.map(({ id }) => id)]).toEqual([2, "a.md", "up.md"]);
    },
  );

  test("an upload that changed after a rebuild was cut off is carried over as it is now", async () => {
    const store = await createStore();
    await upload(store, { "up.md": "Uploaded.", "late.md": "Deleted." });
    const stop = new AppError("store_full", { detail: "the disk is full" });
    const full: WriteStore = {
      ...store,
      generations: {
        ...store.generations!,
        async begin(spec, beginning) {
          const writer = await store.generations!.begin(spec, beginning);
          return { ...writer, publish: () => Promise.reject(stop) };
        },
      },
    };
    const plan = { language: "german" };
    expect(await sync(full, { "a.md": "One." }, plan)).toMatchObject({ carried: 2, error: stop });
    await upload(store, { "up.md": "Changed." });
    const writer = await store.openWriter("notes", signal);
    await writer.commit({ put: [], remove: ["late.md"] }, signal);
    await writer.close();
    expect(await sync(store, { "a.md": "One." }, plan)).toMatchObject({ outcome: "finished" });
    expect(await readTexts(store)).toEqual({ "a.md": "One.", "up.md": "Changed." });
  });
});
