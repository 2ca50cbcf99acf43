import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { hashFile } from "../../../ingest/sync/document-hash.ts";
import type { LoadedDocument } from "../../../ingest/document.ts";
import type { LoadEvent } from "../../../ingest/loaders/load-event.ts";
import { SYNC_LIMITS } from "../../../ingest/sync-limits.ts";
import type { SyncDeps, SyncPlan } from "../../../ingest/sync/sync-plan.ts";
import { syncDocuments } from "../../../ingest/sync/sync.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError, type ErrorCode } from "../../../src/errors.ts";
import type { Embedder } from "../../../src/models/model.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createMemoryStore } from "../../../src/stores/memory.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { toSyncPlan } from "../../support/sync-plan.ts";

const signal = new AbortController().signal;
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(
    folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })),
  );
});

const createLocalStore = async (): Promise<WriteStore> => {
  const uri = await mkdtemp(join(tmpdir(), "tributary-sync-"));
  folders.push(uri);
  return createLanceStore({ uri, config: parseConfig({}), clock: systemClock });
};
const STORES: readonly (readonly [string, () => Promise<WriteStore>])[] = [
  ["in memory", async () => createMemoryStore()],
  ["on LanceDB", createLocalStore],
];

/** Counts what it embeds; a vector tells the length of its text. Throws what `refuse` says. */
function createCountingEmbedder(
  refuse: (texts: readonly string[]) => AppError | undefined = () => undefined,
) {
  const texts: string[] = [];
  const embedder: Embedder & { readonly texts: string[] } = {
    id: "test:length",
    dimensions: 2,
    batchMax: 4,
    fusionWeight: 0.5,
    texts,
    async embed(batch, kind, embedding) {
      embedding.throwIfAborted();
      expect(kind).toBe("document");
      expect(batch.length).toBeLessThanOrEqual(4);
      const error = refuse(batch);
      if (error !== undefined) throw error;
      texts.push(...batch);
      return batch.map(({ length }) => Float32Array.of(Math.cos(length), Math.sin(length)));
    },
  };
  return embedder;
}

/** Files by name; a document each, or several where the text has lines that begin with `#row `. */
type Files = Readonly<Record<string, string | LoadEvent[]>>;

function toDocument(id: string, text: string): LoadedDocument {
  const source = id.replace(/#.*/, "");
  return { id, source, title: id, text, sections: [], kind: "prose", metadata: {} };
}

function loadFrom(files: Files): SyncDeps["load"] {
  return async function* load({ id }) {
    const content = files[id];
    if (content === undefined) throw new Error(`${id} was not expected`);
    if (typeof content === "string") yield { type: "document", document: toDocument(id, content) };
    else yield* content;
  };
}

interface Setup {
  readonly store: WriteStore;
  readonly embedder: Embedder;
}

function sync(
  { store, embedder }: Setup,
  files: Files,
  plan: Partial<SyncPlan> = {},
  stop = signal,
) {
  const encoder = new TextEncoder();
  const deps: SyncDeps = {
    store,
    embedder,
    load: loadFrom(files),
    read: ({ id }) => {
      const content = files[id];
      return typeof content === "string" ? encoder.encode(content) : undefined;
    },
  };
  return syncDocuments(deps, toSyncPlan(Object.keys(files), plan), stop);
}

async function readTexts(store: WriteStore): Promise<Readonly<Record<string, string>>> {
  const snapshot = await store.open("notes", signal);
  const limit = 100;
  const vector = Float32Array.of(1, 0);
  const hits = await snapshot.search({ type: "vector", vector, limit, timeoutMs: 10_000 }, signal);
  const chunks = await snapshot.take(
    hits.map(({ row }) => row),
    signal,
  );
  const pairs = chunks.map((chunk) => [chunk?.id ?? "gone", chunk?.text ?? ""] as const);
  return Object.fromEntries(pairs.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const problem = (id: string, severity: "error" | "warning" = "error"): LoadEvent => ({
  type: "problem",
  id,
  code: "damaged",
  severity,
  message: `${id}: is damaged`,
});

describe.each(STORES)("syncDocuments %s", (_name, createStore) => {
  test("a first run makes the collection with the embedder, the chunker and the language of its texts", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const text = "This is the text of a note that is written in the English language.";
    const report = await sync(setup, { "a.md": text, "b.md": text });
    expect(report).toMatchObject({
      outcome: "finished",
      created: true,
      added: 2,
      chunksAdded: 2,
      documents: 2,
      chunks: 2,
      failed: 0,
      problems: [],
    });
    expect((await setup.store.open("notes", signal)).info).toMatchObject({
      embedder: "test:length",
      dimensions: 2,
      chunker: "tree2-1200",
      language: "english",
      tokenizer: "words",
    });
  });

  test("a dry run and the run say alike how many chunks are added, changed and removed", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const write = (paragraphs: number, word = "calm"): string =>
      Array.from({ length: paragraphs }, (_, at) => `${word} ${at} `.repeat(200)).join("\n\n");
    await sync(setup, { "longer.md": write(2), "shorter.md": write(6), "gone.md": "Gone." });
    const before = Object.keys(await readTexts(setup.store));
    const files = { "longer.md": write(5), "shorter.md": write(3, "wild"), "new.md": "New." };
    const plan = { deleteMissing: true };
    const dry = await sync(setup, files, { ...plan, dryRun: true });
    const run = await sync(setup, files, plan);
    const after = Object.keys(await readTexts(setup.store));
    const counts = {
      chunksAdded: after.filter((id) => !before.includes(id)).length,
      chunksChanged: after.filter((id) => before.includes(id)).length,
      chunksRemoved: before.filter((id) => !after.includes(id)).length,
    };
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(1);
    expect(dry).toMatchObject(counts);
    expect(run).toMatchObject(counts);
  });

  test("what is unchanged is not embedded, what changed is replaced, what is new is added", async () => {
    const store = await createStore();
    await sync({ store, embedder: createCountingEmbedder() }, { "a.md": "One.", "b.md": "Two." });
    const embedder = createCountingEmbedder();
    const same = await sync({ store, embedder }, { "a.md": "One.", "b.md": "Two." });
    expect(same).toMatchObject({ added: 0, changed: 0, unchanged: 2, chunksAdded: 0 });
    expect(embedder.texts).toEqual([]);

    const { version } = same;
    const next = await sync(
      { store, embedder },
      { "a.md": "One.", "b.md": "Two, anew.", "c.md": "Three." },
    );
    expect(next).toMatchObject({ added: 1, changed: 1, unchanged: 1, documents: 3, chunks: 3 });
    expect(next.version).toBeGreaterThan(version);
    expect(embedder.texts).toEqual(["b.md\nTwo, anew.", "c.md\nThree."]);
    expect(await readTexts(store)).toEqual({
      "a.md#0": "One.",
      "b.md#0": "Two, anew.",
      "c.md#0": "Three.",
    });
  });

  test("what is gone stays until it is to be removed", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    await sync(setup, { "a.md": "One.", "b.md": "Two." });
    expect(await sync(setup, { "a.md": "One." })).toMatchObject({
      missing: 1,
      removed: 0,
      chunks: 2,
    });
    expect(await sync(setup, { "a.md": "One." }, { deleteMissing: true })).toMatchObject({
      missing: 0,
      removed: 1,
      chunks: 1,
    });
    expect(await readTexts(setup.store)).toEqual({ "a.md#0": "One." });
  });

  test("what could not be read, or is not covered, is not missing", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const files = { "a.md": "One.", "b.md": "Two.", "locked/c.md": "Three.", "d.md": "Four." };
    await sync(setup, files);
    const unreadable = { ...problem("locked"), type: undefined } as never;
    const report = await sync(
      setup,
      { "a.md": "One.", "b.md": [problem("b.md")] },
      { deleteMissing: true, problems: [unreadable], covers: (source) => source !== "d.md" },
    );
    expect(report).toMatchObject({ removed: 0, missing: 0, failed: 2, documents: 4 });
  });

  test("a row that left its file is missing, one that is damaged is not", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const row = (number: number): LoadEvent => ({
      type: "document",
      document: toDocument(`t.csv#${number}`, `Row ${number}.`),
    });
    await sync(setup, { "t.csv": [row(1), row(2), row(3)] });
    const again = await sync(setup, { "t.csv": [row(1), row(2)] }, { deleteMissing: true });
    expect(again).toMatchObject({ unchanged: 2, removed: 1, documents: 2 });
    const damaged = await sync(
      setup,
      { "t.csv": [row(1), problem("t.csv#2")] },
      { deleteMissing: true },
    );
    expect(damaged).toMatchObject({ removed: 0, documents: 2, failed: 1 });
  });

  test("a document that became blank is removed", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    await sync(setup, { "a.md": "One.", "b.md": "Two." });
    expect(await sync(setup, { "a.md": "One.", "b.md": " \n" })).toMatchObject({
      blank: 1,
      removed: 1,
      documents: 1,
    });
  });

  test("a dry run knows every stored document, beyond a page of the store", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const names = Array.from({ length: 1_100 }, (_, at) => `${String(at).padStart(4, "0")}.md`);
    const files = Object.fromEntries(names.map((name) => [name, `This is ${name}.`]));
    await sync(setup, files);
    const report = await sync(setup, files, { dryRun: true });
    expect(report).toMatchObject({ added: 0, unchanged: names.length, missing: 0 });
  });

  test("a dry run counts everything and writes nothing", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const fresh = await sync(setup, { "a.md": "One." }, { dryRun: true });
    expect(fresh).toMatchObject({
      dryRun: true,
      created: true,
      added: 1,
      chunksAdded: 1,
      chunks: 0,
    });
    expect(fresh.tokens).toBeGreaterThan(0);
    expect(await setup.store.list(signal)).toEqual([]);

    await sync(setup, { "a.md": "One.", "b.md": "Two.", "c.md": "Three." });
    const plan = { dryRun: true, deleteMissing: true };
    const report = await sync(setup, { "a.md": "One, anew.", "b.md": "Two." }, plan);
    expect(report).toMatchObject({ added: 0, changed: 1, unchanged: 1, removed: 1, documents: 3 });
    expect(setup.embedder.texts).toHaveLength(3);
    expect(Object.keys(await readTexts(setup.store))).toHaveLength(3);
  });

  test("a poison document is reported and the rest goes on; strict stops there", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const files = { "a.md": "One.", "bad.md": [problem("bad.md")], "c.md": "Three." };
    const report = await sync(setup, files);
    expect(report).toMatchObject({ outcome: "finished", added: 2, failed: 1 });
    expect(report.problems).toEqual([
      { id: "bad.md", code: "damaged", severity: "error", message: "bad.md: is damaged" },
    ]);
    const strict = await sync(setup, { ...files, "d.md": "Four." }, { strict: true });
    expect(strict).toMatchObject({ outcome: "failed", added: 0, documents: 2 });
  });

  test("a text the embedder refuses costs its own document only, which stays as it was", async () => {
    const store = await createStore();
    const files = { "a.md": "One.", "b.md": "Two.", "c.md": "Three.", "d.md": "Four." };
    await sync({ store, embedder: createCountingEmbedder() }, files);
    const embedder = createCountingEmbedder((texts) =>
      texts.some((text) => text.includes("POISON")) ? new AppError("content_filtered") : undefined,
    );
    const report = await sync(
      { store, embedder },
      { "a.md": "One!", "b.md": "Two POISON.", "c.md": "Three!", "d.md": "Four!", "e.md": "Five!" },
    );
    expect(report).toMatchObject({ outcome: "finished", added: 1, changed: 3, failed: 1 });
    expect(report.problems).toMatchObject([{ id: "b.md", code: "content_filtered" }]);
    expect((await readTexts(store))["b.md#0"]).toBe("Two.");
  });

  test.each<ErrorCode>(["upstream_unavailable", "upstream_config", "embedding_invalid"])(
    "an embedder that fails with %s ends the run and leaves what is committed",
    async (code) => {
      const store = await createStore();
      await sync({ store, embedder: createCountingEmbedder() }, { "a.md": "One.", "b.md": "Two." });
      const before = await readTexts(store);
      const embedder = createCountingEmbedder(() => new AppError(code));
      const files = { "a.md": "One, anew.", "b.md": "Two, anew.", "c.md": "Three." };
      const report = await sync({ store, embedder }, files);
      expect(report).toMatchObject({ outcome: "failed", error: { code }, added: 0, documents: 2 });
      expect(await readTexts(store)).toEqual(before);
      const fresh = await sync(
        { store, embedder },
        { "a.md": "One.", "b.md": "Two." },
        { collection: "other" },
      );
      expect(fresh.outcome).toBe("failed");
      expect(await store.list(signal)).toEqual(["notes"]);
    },
  );

  test("a run that fails on the way keeps its commits, and the next run goes on from there", async () => {
    const store = await createStore();
    const rows = SYNC_LIMITS.commitChunksMin + 10;
    const files = Object.fromEntries(
      Array.from({ length: rows }, (_, index) => [`${index}.md`, `Text ${index}.`]),
    );
    const broken = createCountingEmbedder((texts) =>
      texts.some((text) => text.includes(`Text ${rows - 1}.`))
        ? new AppError("upstream_unavailable")
        : undefined,
    );
    const first = await sync({ store, embedder: broken }, files);
    expect(first).toMatchObject({ outcome: "failed", added: SYNC_LIMITS.commitChunksMin });
    const embedder = createCountingEmbedder();
    const second = await sync({ store, embedder }, files);
    expect(second).toMatchObject({ outcome: "finished", added: 10, documents: rows });
    expect(embedder.texts).toHaveLength(10);
  });

  test("an aborted run says so and releases the lock", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const stop = new AbortController();
    const embedder = createCountingEmbedder(() => {
      stop.abort();
      return undefined;
    });
    const report = await sync({ ...setup, embedder }, { "a.md": "One." }, {}, stop.signal);
    expect(report.outcome).toBe("cancelled");
    expect(await setup.store.list(signal)).toEqual([]);
    expect((await sync(setup, { "a.md": "One." })).outcome).toBe("finished");
  });

  test("two documents of one id: the first is stored, the other reported, in every run", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const twice: LoadEvent[] = ["One.", "Two."].map((text) => ({
      type: "document",
      document: toDocument("t.csv#1", text),
    }));
    for (const added of [1, 0]) {
      const report = await sync(setup, { "t.csv": twice });
      expect(report).toMatchObject({ added, failed: 1, problems: [{ code: "duplicate-id" }] });
    }
    expect(await readTexts(setup.store)).toEqual({ "t.csv#1#0": "One." });
  });

  test("a second writer is refused", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    await sync(setup, { "a.md": "One." });
    const writer = await setup.store.openWriter("notes", signal);
    await expect(sync(setup, { "a.md": "Two." })).rejects.toMatchObject({ code: "ingest_locked" });
    await writer.close();
    expect((await sync(setup, { "a.md": "Two." })).changed).toBe(1);
  });

  test("declared metadata gets its type; what is not of it is reported", async () => {
    const setup = { store: await createStore(), embedder: createCountingEmbedder() };
    const row = (number: number, year: string): LoadEvent => ({
      type: "document",
      document: { ...toDocument(`t.csv#${number}`, `Row ${number}.`), metadata: { year } },
    });
    const files = { "t.csv": [row(1, "2024"), row(2, "unknown"), row(3, "")] };
    const report = await sync(setup, files, { metadata: { year: "number" } });
    expect(report).toMatchObject({ added: 2, failed: 1, problems: [{ id: "t.csv#2" }] });
    const snapshot = await setup.store.open("notes", signal);
    const query = {
      type: "vector",
      vector: Float32Array.of(1, 0),
      limit: 9,
      timeoutMs: 9_999,
    } as const;
    const filter = { field: "metadata.year", op: "gt", value: 2_000 } as const;
    const hits = await snapshot.search({ ...query, filter }, signal);
    const [chunk, ...others] = await snapshot.take(
      hits.map(({ row }) => row),
      signal,
    );
    expect(others).toEqual([]);
    expect(chunk).toMatchObject({ documentId: "t.csv#1", metadata: { year: 2024 } });
  });
});

test("a file's hash depends on its bytes and on what makes chunks of them", () => {
  const scope = { embedder: "e", chunker: "c" };
  const bytes = Uint8Array.of(1, 2, 3);
  const hashes = [
    hashFile(bytes, scope),
    hashFile(Uint8Array.of(1, 2, 4), scope),
    hashFile(bytes, { ...scope, embedder: "other" }),
    hashFile(bytes, { ...scope, chunker: "other" }),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashFile(Uint8Array.of(1, 2, 3), scope)).toBe(hashes[0]);
});

describe.each<[string, Partial<Embedder>, Partial<SyncPlan>, ErrorCode]>([
  ["embedder", { id: "test:other" }, {}, "embedder_mismatch"],
  [
    "chunker",
    {},
    { chunking: { charsTarget: 600, charsMax: 900, sectionCharsMin: 100 } },
    "embedder_mismatch",
  ],
  ["language", {}, { language: "french" }, "unsupported_option"],
  ["metadata", {}, { metadata: { year: "number" } }, "unsupported_option"],
])("another %s than the collection's", (_what, other, plan, code) => {
  const begin = async (store: WriteStore) => {
    await sync({ store, embedder: createCountingEmbedder() }, { "a.md": "One.", "b.md": "Two." });
    const next = { store, embedder: { ...createCountingEmbedder(), ...other } };
    return (files: Files, more: Partial<SyncPlan> = {}) => sync(next, files, { ...plan, ...more });
  };
  const before = { "a.md#0": "One.", "b.md#0": "Two." };
  const after = { "a.md#0": "One.", "b.md#0": "Other." };
  const files = { "a.md": "One.", "b.md": "Other." };

  test.each([false, true])("is refused by a store without generations, dry: %s", async (dryRun) => {
    const store = createMemoryStore();
    const run = await begin(store);
    const refused = { code, detail: expect.stringContaining("notes") };
    await expect(run({ "a.md": "Two." }, { dryRun })).rejects.toMatchObject(refused);
    expect(await readTexts(store)).toEqual(before);
  });

  test("builds it anew beside itself, and there is a way back and forth", async () => {
    const store = await createLocalStore();
    const run = await begin(store);
    const dry = await run(files, { dryRun: true });
    expect(dry).toMatchObject({ changed: 2, chunksChanged: 2, chunksRemoved: 0 });
    expect(dry.rebuilt).toBeDefined();
    expect(await readTexts(store)).toEqual(before);
    expect(await run(files)).toMatchObject({ outcome: "finished", added: 2, documents: 2 });
    expect(await readTexts(store)).toEqual(after);
    expect(await run(files)).toMatchObject({ unchanged: 2 });
    await store.generations?.rollback("notes", signal);
    expect(await readTexts(store)).toEqual(before);
    await store.generations?.rollback("notes", signal);
    expect(await readTexts(store)).toEqual(after);
    await store.drop("notes", signal);
    expect(await store.list(signal)).toEqual([]);
  });

  test("carries over what its files do not hold, and goes on from there", async () => {
    const store = await createLocalStore();
    const run = await begin(store);
    const dry = await run({ "b.md": "Other." }, { dryRun: true });
    expect(dry).toMatchObject({ carried: 1, changed: 1, missing: 1 });
    const report = await run({ "b.md": "Other." });
    expect(report).toMatchObject({ missing: 1, documents: 2, added: 1, carried: 1 });
    expect(await readTexts(store)).toEqual(after);
    expect(await run(files)).toMatchObject({ outcome: "finished", failed: 0, documents: 2 });
    expect(await readTexts(store)).toEqual(after);
  });
});

test("another dimension of the same embedder makes another generation", async () => {
  const store = await createLocalStore();
  await sync({ store, embedder: createCountingEmbedder() }, { "a.md": "One." });
  const wide: Embedder = {
    ...createCountingEmbedder(),
    dimensions: 3,
    embed: async (texts) => texts.map(() => Float32Array.of(1, 0, 0)),
  };
  const report = await sync({ store, embedder: wide }, { "a.md": "One." });
  expect(report).toMatchObject({ outcome: "finished", added: 1 });
  expect((await store.open("notes", signal)).info.dimensions).toBe(3);
});
