/** What a loss of power leaves: the last version that was acknowledged comes back, and nothing is deleted. */
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lancedb } from "../../../src/node/lance/native.ts";
import { toRows } from "../../../src/node/lance/rows.ts";
import { toSchema } from "../../../src/node/lance/schema.ts";
import { refusal } from "../../conformance/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { createTestStore, openTestStore } from "./test-store.ts";

const { signal } = new AbortController();
const { name } = spec;

/** Two acknowledged documents and, past the writer, a commit nobody acknowledged. */
async function fill() {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await writer.commit(
    { put: [toDocument("a", ["one"]), toDocument("b", ["two"])], remove: [] },
    signal,
  );
  await writer.close();
  const table = await (await lancedb.connect(folder)).openTable(name);
  await table.add(toRows([toDocument("c", ["three"])], spec, toSchema(spec)));
  return folder;
}

async function listNewest(folder: string, below: string): Promise<string> {
  const [newest = ""] = (await readdir(join(folder, `${name}.lance`, below))).toSorted();
  return join(folder, `${name}.lance`, below, newest);
}

async function readIds(folder: string): Promise<readonly string[]> {
  const writer = await (await openTestStore(folder)).openWriter(name, signal);
  try {
    return [...(await writer.documents(signal)).keys()].toSorted();
  } finally {
    await writer.close();
  }
}

test("a commit that was not acknowledged and is whole stays", async () => {
  expect(await readIds(await fill())).toEqual(["a", "b", "c"]);
});

test("an empty manifest is moved aside for a reader", async () => {
  const folder = await fill();
  await truncate(await listNewest(folder, "_versions"), 0);
  const store = await openTestStore(folder);
  expect((await store.open(name, signal)).info.chunks).toBe(2);
  expect(await readdir(join(folder, `${name}.quarantine`))).toHaveLength(1);
  expect(await readIds(folder)).toEqual(["a", "b"]);
});

test("a manifest that was cut off is moved aside for a writer, who says so", async () => {
  const folder = await fill();
  await truncate(await listNewest(folder, "_versions"), 99);
  const writer = await (await openTestStore(folder)).openWriter(name, signal);
  expect(writer.recovered.join("\n")).toMatch(/was not whole.*came back/s);
  await writer.close();
  expect(await readdir(join(folder, `${name}.quarantine`))).toHaveLength(1);
  expect(await readIds(folder)).toEqual(["a", "b"]);
});

test("a manifest that is whole does not help data that is not", async () => {
  const folder = await fill();
  const data = join(folder, `${name}.lance`, "data");
  const before = new Set(["a", "b", "c"]);
  const table = await (await lancedb.connect(folder)).openTable(name);
  await table.add(toRows([toDocument("d", ["four"])], spec, toSchema(spec)));
  for (const file of await readdir(data)) {
    const path = join(data, file);
    if ((await readFile(path)).includes("four")) await truncate(path, 0);
  }
  expect(new Set(await readIds(folder))).toEqual(before);
});

test("what a reader brought back is told to whoever runs it, and what is missing to the next writer as well", async () => {
  const folder = await fill();
  await readIds(folder); // acknowledges what was committed past the writer
  await truncate(await listNewest(folder, "_versions"), 0);
  const told: string[] = [];
  const store = await openTestStore(folder, {
    onRecovered: (collection, lines) =>
      void told.push(...lines.map((line) => `${collection}: ${line}`)),
  });
  for (let look = 0; look < 2; look += 1) {
    expect((await store.open(name, signal)).info.chunks).toBe(2);
  }
  expect(told).toEqual([
    expect.stringMatching(/^guide: the manifest .* was not whole/),
    expect.stringMatching(/^guide: version \d+ came back/),
    expect.stringMatching(/^guide: version \d+ with 3 chunks was acknowledged.*ingest the same/),
  ]);
  const open = async () => {
    const writer = await (await openTestStore(folder)).openWriter(name, signal);
    await writer.close();
    return writer.recovered.join("\n");
  };
  expect(await open()).toMatch(/with 3 chunks was acknowledged.*ingest the same/);
  expect(await open()).toBe("");
});

test("an acknowledged version that is damaged goes, and the same number can be acknowledged again", async () => {
  const folder = await fill();
  await readIds(folder); // acknowledges what was committed past the writer
  await truncate(await listNewest(folder, "_versions"), 0);
  const store = await openTestStore(folder);
  const writer = await store.openWriter(name, signal);
  expect(writer.recovered.join("\n")).toContain("ingest the same documents again");
  await writer.commit({ put: [toDocument("d", ["four"])], remove: [] }, signal);
  await writer.close();
  expect(await readIds(folder)).toEqual(["a", "b", "d"]);
});

test("without any whole version nothing is touched, and it is said", async () => {
  const folder = await fill();
  const versions = join(folder, `${name}.lance`, "_versions");
  const manifests = (await readdir(versions)).filter((file) => file.endsWith(".manifest"));
  for (const file of manifests) await truncate(join(versions, file), 0);
  const store = await openTestStore(folder);
  expect(await refusal(store.openWriter(name, signal))).toMatchObject({
    code: "collection_unavailable",
    detail: expect.stringContaining("no version"),
  });
  expect((await readdir(versions)).filter((file) => file.endsWith(".manifest"))).toEqual(manifests);
});
