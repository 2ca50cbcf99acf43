/** What the LanceDB store makes of its folder: other processes, crashes, damage, and growth. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { lancedb } from "../../../src/node/lance/native.ts";
import type { Snapshot } from "../../../src/stores/store.ts";
import { refusal, vectorQuery } from "../../conformance/store.ts";
import { spec, toDocument, toVector } from "../../conformance/store-data.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { createTestStore, openTestStore } from "./test-store.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const { signal } = new AbortController();

async function load(texts: readonly string[]) {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await writer.commit({ put: [toDocument("a", texts)], remove: [] }, signal);
  await writer.index(signal);
  return { store, folder, writer };
}

async function countAll(snapshot: Snapshot): Promise<number> {
  return (await snapshot.search(vectorQuery(0), signal)).length;
}

describe("another process", () => {
  test("sees a commit after the freshness time and keeps what it opened", async () => {
    const { folder, writer } = await load(["one"]);
    const other = await openTestStore(folder);
    const before = await other.open(spec.name, signal);
    await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
    await expect.poll(async () => (await other.open(spec.name, signal)).info.chunks).toBe(2);
    expect(await countAll(before)).toBe(1);
    await writer.close();
  });
  test("does not look more often than it is told to", async () => {
    const { folder, writer } = await load(["one"]);
    const other = await openTestStore(folder, { freshnessMs: 3_600_000 });
    const before = await other.open(spec.name, signal);
    await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
    expect(await other.open(spec.name, signal)).toBe(before);
    await writer.close();
  });
  test("is looked at ahead of time, while those who ask go on with what is known", async () => {
    const { folder, writer } = await load(["one"]);
    const clock = createFakeClock();
    const other = await openTestStore(folder, { freshnessMs: 1_000, clock });
    const before = await other.open(spec.name, signal);
    expect(await other.list(signal)).toEqual([spec.name]);
    await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
    await clock.advance(499);
    await other.open(spec.name, signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await other.open(spec.name, signal)).toBe(before);
    await clock.advance(1);
    expect(await other.open(spec.name, signal)).toBe(before);
    // No time passes on the store's clock: only the look that the last question began can bring it.
    await expect.poll(async () => (await other.open(spec.name, signal)).info.chunks).toBe(2);
    await writer.close();
  });
  test("is waited for once what is known is too old", async () => {
    const { store, folder, writer } = await load(["one"]);
    const clock = createFakeClock();
    const other = await openTestStore(folder, { freshnessMs: 1_000, clock });
    await other.open(spec.name, signal);
    expect(await other.list(signal)).toEqual([spec.name]);
    await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
    await writer.close();
    await (await store.create({ ...spec, name: "second" }, signal)).close();
    await clock.advance(1_000);
    expect((await other.open(spec.name, signal)).info.chunks).toBe(2);
    expect(await other.list(signal)).toEqual([spec.name, "second"].toSorted());
  });
  test("sees that a collection was dropped and made again", async () => {
    const { store, folder, writer } = await load(["one", "two"]);
    const other = await openTestStore(folder);
    await other.open(spec.name, signal);
    await writer.close();
    await store.drop(spec.name, signal);
    await expect
      .poll(async () => (await refusal(other.open(spec.name, signal))).code)
      .toBe("collection_not_found");
    const again = await store.create(spec, signal);
    await again.commit({ put: [toDocument("c", ["three"])], remove: [] }, signal);
    await again.close();
    expect((await other.open(spec.name, signal)).info.chunks).toBe(1);
  });
  test("may not write at the same time", async () => {
    const { folder, writer } = await load(["one"]);
    const other = await openTestStore(folder);
    const error = await refusal(other.openWriter(spec.name, signal));
    expect(error).toMatchObject({ code: "ingest_locked" });
    expect(error.detail).toContain(String(process.pid));
    await writer.close();
  });
});

describe("past the lock", () => {
  test("many writers of the same documents store nothing twice and lose nothing", async () => {
    const { store, folder } = await createTestStore();
    await (await store.create(spec, signal)).close();
    const writers = [];
    for (let number = 0; number < 4; number += 1) {
      const other = await openTestStore(folder);
      writers.push(await other.openWriter(spec.name, signal));
      await rm(join(folder, `${spec.name}.lock`));
    }
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        writers.map(async (writer, number) =>
          writer.commit(
            {
              put: [
                toDocument("shared", [`round ${round}`]),
                toDocument(`own${number}-${round}`, ["x"]),
              ],
              remove: [],
            },
            signal,
          ),
        ),
      );
    }
    for (const writer of writers) await writer.close();
    const last = await store.openWriter(spec.name, signal);
    await last.index(signal);
    expect(await last.verify(signal)).toEqual([]);
    expect(last.info).toMatchObject({ documents: 21, chunks: 21 });
    await last.close();
  });
});

describe("a reader that holds an old version", () => {
  test("outlives compaction and cleaning up", async () => {
    const { folder, writer } = await load(["one"]);
    const other = await openTestStore(folder, {
      freshnessMs: 3_600_000,
      residents: createResidents(0),
    });
    const before = await other.open(spec.name, signal);
    for (let round = 0; round < 3; round += 1) {
      await writer.commit({ put: [toDocument("a", [`new ${round}`])], remove: [] }, signal);
      await writer.optimize(signal);
    }
    const [hit] = await before.search(vectorQuery(0), signal);
    expect((await before.take([hit?.row ?? ""], signal))[0]?.text).toBe("one");
    await writer.close();
  });
});

describe("a reader whose version was cleaned away by another program", () => {
  test("says so once, and the next run reads what there is now", async () => {
    const { folder, writer } = await load(["one"]);
    const other = await openTestStore(folder, {
      freshnessMs: 3_600_000,
      residents: createResidents(0),
    });
    const before = await other.open(spec.name, signal);
    await writer.commit({ put: [toDocument("a", ["new"])], remove: [] }, signal);
    const table = await (await lancedb.connect(folder)).openTable(spec.name);
    await table.optimize({ cleanupOlderThan: new Date(Date.now() + 1_000) });
    const error = await refusal(before.search(vectorQuery(0), signal));
    expect(error.code).toBe("collection_unavailable");
    const after = await other.open(spec.name, signal);
    const [hit] = await after.search(vectorQuery(0), signal);
    expect((await after.take([hit?.row ?? ""], signal))[0]?.text).toBe("new");
    await writer.close();
  });
});

describe("what a crash or another program left", () => {
  test("the shell of a broken creation is no collection and is replaced", async () => {
    const { store, folder } = await createTestStore();
    await mkdir(join(folder, `${spec.name}.lance`, "_versions"), { recursive: true });
    expect(await store.list(signal)).toEqual([]);
    expect((await refusal(store.open(spec.name, signal))).code).toBe("collection_not_found");
    const writer = await store.create(spec, signal);
    await writer.commit({ put: [toDocument("a", ["one"])], remove: [] }, signal);
    await writer.close();
    expect(await store.list(signal)).toEqual([spec.name]);
  });
  test("a table of another program is not listed, not read and not overwritten", async () => {
    const { store, folder } = await createTestStore();
    const connection = await lancedb.connect(folder);
    await connection.createTable(spec.name, [{ id: "a", vector: [1, 2] }]);
    expect(await store.list(signal)).toEqual([]);
    expect((await refusal(store.open(spec.name, signal))).code).toBe("collection_unavailable");
    expect((await refusal(store.create(spec, signal))).code).toBe("invalid_request");
    expect((await refusal(store.openWriter(spec.name, signal))).code).toBe(
      "collection_unavailable",
    );
    expect(await readdir(folder)).toEqual([`${spec.name}.lance`]);
  });
  test("a language that native code cannot take makes no table", async () => {
    const { store, folder } = await createTestStore();
    const error = await refusal(store.create({ ...spec, language: "Chinese" }, signal));
    expect(error.code).toBe("invalid_request");
    expect(await readdir(folder)).toEqual([]);
  });
  test("a run that ended between its commit and its indexes is named by verify and mended by index", async () => {
    const { store, writer } = await load(["one"]);
    await writer.commit({ put: [toDocument("b", ["two"])], remove: [] }, signal);
    await writer.close();
    const next = await store.openWriter(spec.name, signal);
    expect((await next.verify(signal)).join("\n")).toMatch(/full-text index lacks 1.*term stat/s);
    await next.index(signal);
    expect(await next.verify(signal)).toEqual([]);
    await next.close();
  });
  test("statistics without their table are counted again", async () => {
    const { store, folder, writer } = await load(["red cats"]);
    await (await lancedb.connect(folder)).dropTable(`${spec.name}.terms`);
    expect(await writer.verify(signal)).toEqual([]); // this writer still has them
    await writer.close();
    const next = await store.openWriter(spec.name, signal);
    expect(await next.verify(signal)).toEqual([expect.stringContaining("no term statistics")]);
    await next.index(signal);
    expect(await next.verify(signal)).toEqual([]);
    const { frequencies } = await (await store.open(spec.name, signal)).terms("cats", signal);
    expect(frequencies.get("cat")).toBe(1);
    await next.close();
  });
});

describe("damage", () => {
  test("in a text is not shown and is found by verify", async () => {
    const { folder, writer } = await load(["the untouched text", "the needle is here"]);
    await writer.close();
    const data = join(folder, `${spec.name}.lance`, "data");
    let changed = 0;
    for (const name of await readdir(data)) {
      const bytes = await readFile(join(data, name));
      for (let at = bytes.indexOf("needle"); at !== -1; at = bytes.indexOf("needle", at + 1)) {
        bytes.write("noodle", at);
        changed += 1;
      }
      await writeFile(join(data, name), bytes);
    }
    expect(changed).toBeGreaterThan(0);
    const store = await openTestStore(folder);
    const snapshot = await store.open(spec.name, signal);
    const rows = (await snapshot.search(vectorQuery(0), signal)).map(({ row }) => row);
    const taken = await snapshot.take(rows, signal);
    expect(taken.map((chunk) => chunk?.text)).toEqual(["the untouched text", undefined]);
    const next = await store.openWriter(spec.name, signal);
    expect(await next.verify(signal)).toContainEqual(`chunk "a#1" is damaged`);
    await next.close();
  });
  test("that takes files away is an error of the collection, in words of ours", async () => {
    const { folder, writer } = await load(["one"]);
    await writer.close();
    const data = join(folder, `${spec.name}.lance`, "data");
    for (const name of await readdir(data)) await writeFile(join(data, name), "");
    const store = await openTestStore(folder);
    const error = await refusal(store.open(spec.name, signal));
    expect(error.code).toBe("collection_unavailable");
  });
});

describe("a large collection", () => {
  const ROWS = 10_000;

  test("is searched through an index that finds what an exact search finds", async () => {
    const { store } = await createTestStore();
    const writer = await store.create(spec, signal);
    const chunksEach = 100;
    const documents = Array.from({ length: ROWS / chunksEach }, (_, index) =>
      toDocument(
        `d${index}`,
        Array.from({ length: chunksEach }, (_, position) => `word${(index * position) % 997}`),
        {
          metadata: { year: index % 100 },
          seeds: Array.from({ length: chunksEach }, (_, position) => index * chunksEach + position),
        },
      ),
    );
    await writer.commit({ put: documents, remove: [] }, signal);
    const exact = await store.open(spec.name, signal);
    await writer.index(signal);
    expect(await writer.verify(signal)).toEqual([]);
    const indexed = await store.open(spec.name, signal);
    expect(indexed.info.version).toBeGreaterThan(exact.info.version);

    const scoresOf = async (snapshot: Snapshot, seed: number, year?: number) => {
      const filter = { field: "metadata.year", op: "eq", value: year ?? 0 } as const;
      const query = { ...vectorQuery(0), vector: toVector(seed + 0.5), limit: 10 };
      const hits = await snapshot.search(year === undefined ? query : { ...query, filter }, signal);
      return hits.map(({ score }) => score);
    };
    let found = 0;
    const questions = 50;
    for (let seed = 0; seed < questions; seed += 1) {
      const expected = await scoresOf(exact, seed);
      const last = expected.at(-1) ?? 1;
      found += (await scoresOf(indexed, seed)).filter((score) => score >= last - 1e-6).length;
      // One percent of the rows: the nearest partitions alone may not hold ten of them.
      expect(await scoresOf(indexed, seed, seed)).toHaveLength(10);
    }
    expect(found / (questions * 10)).toBeGreaterThanOrEqual(0.99);

    await writer.commit(
      { put: [toDocument("new", ["fresh"], { seeds: [0.25] })], remove: [] },
      signal,
    );
    const newest = await store.open(spec.name, signal);
    const [hit] = await newest.search({ ...vectorQuery(0), vector: toVector(0.25) }, signal);
    const [chunk] = await newest.take([hit?.row ?? ""], signal);
    expect(chunk?.documentId).toBe("new");
    await writer.close();
  });
});

test("a generation is made where one was whose removal was cut off", async () => {
  const { store, folder, writer } = await load(["one"]);
  await writer.close();
  const rebuild = async (text: string): Promise<void> => {
    const next = await store.generations?.begin({ ...spec, language: "none" }, signal);
    await next?.commit({ put: [toDocument("a", [text])], remove: [] }, signal);
    await next?.index(signal);
    await next?.publish(signal);
    await next?.close();
  };
  await rebuild("two");
  // Its table goes first, and its journal last.
  await rm(join(folder, `${spec.name}.g2.lance`), { recursive: true });
  await store.generations?.rollback(spec.name, signal);
  await rebuild("three");
  const { info } = await (await openTestStore(folder)).open(spec.name, signal);
  expect(info).toMatchObject({ language: "none", chunks: 1 });
});

test("what was begun of a generation stays where the store cannot be used for a moment", async () => {
  const { store, folder, writer } = await load(["one"]);
  await writer.close();
  const begin = async () => store.generations?.begin({ ...spec, language: "none" }, signal);
  const first = await begin();
  await first?.commit({ put: [toDocument("a", ["two"])], remove: [] }, signal);
  await first?.close();

  const connections = Object.getPrototypeOf(await lancedb.connect(folder)) as lancedb.Connection;
  const openTable = Reflect.get<lancedb.Connection, "openTable">(connections, "openTable");
  const spy = vi.spyOn(connections, "openTable").mockImplementation(function (
    this: unknown,
    ...of
  ) {
    const isBegun = of[0] === `${spec.name}.g2`;
    return isBegun
      ? Promise.reject(new Error("Too many open files"))
      : openTable.apply(this as lancedb.Connection, of);
  });
  expect((await refusal(begin())).code).toBe("store_unavailable");
  spy.mockRestore();

  const again = await begin();
  await again?.index(signal);
  await again?.publish(signal);
  await again?.close();
  const { info } = await (await openTestStore(folder)).open(spec.name, signal);
  expect(info).toMatchObject({ language: "none", chunks: 1 });
});
