/** Damage of every kind: found in one line, mended where it can be, and never served. */
import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { toCheckedLine } from "../../../src/node/durable/checked-line.ts";
import { examineStore } from "../../../src/node/lance/doctor.ts";
import { refusal } from "../../conformance/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { createTestStore, openTestStore } from "./test-store.ts";

const { signal } = new AbortController();
const { name } = spec;

async function fill() {
  const { store, folder } = await createTestStore();
  const writer = await store.create(spec, signal);
  await writer.commit({ put: [toDocument("a", ["one", "two"])], remove: [] }, signal);
  await writer.commit({ put: [toDocument("b", ["three"])], remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
  return folder;
}

async function examine(folder: string, fix = false) {
  const options = { uri: folder, config: parseConfig({}), clock: systemClock };
  const { findings } = await examineStore(options, { fix }, signal);
  return findings.map(({ state, what }) => `${state}: ${what}`);
}

async function countChunks(folder: string): Promise<number> {
  return (await (await openTestStore(folder)).open(name, signal)).info.chunks;
}

/** The first file below the folder. */
async function pick(folder: string, ...below: readonly string[]): Promise<string> {
  const path = join(folder, ...below);
  const [first = ""] = (await readdir(path)).toSorted();
  return (await stat(join(path, first))).isDirectory() ? pick(path, first) : join(path, first);
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe("a store without damage", () => {
  test("has no findings, also after old versions were cleaned up", async () => {
    const folder = await fill();
    expect(await examine(folder)).toEqual([]);
    const versions = join(folder, `${name}.lance`, "_versions");
    for (const file of await readdir(versions)) await utimes(join(versions, file), 1, 1);
    const writer = await (await openTestStore(folder)).openWriter(name, signal);
    await writer.optimize(signal);
    expect(await writer.verify(signal)).toEqual([]);
    await writer.close();
    expect(await examine(folder)).toEqual([]);
  });

  test("that is not synced has no journal, which is no damage where syncing is off", async () => {
    const folder = await fill();
    await rm(join(folder, `${name}.journal`));
    const config = parseConfig({ STORE_SYNC: "false" });
    const options = { uri: folder, config, clock: systemClock };
    const { findings } = await examineStore(options, { fix: false }, signal);
    expect(findings).toEqual([
      { collection: name, state: "note", what: expect.stringContaining("STORE_SYNC") },
    ]);
  });

  test("that was built with what is not at hand is noted: what it cannot be asked for, what is built anew", async () => {
    const folder = await fill();
    const options = { uri: folder, config: parseConfig({}), clock: systemClock };
    const look = async (embedders: readonly string[], chunker: string) => {
      const builtWith = { embedders: new Set(embedders), chunker };
      return (await examineStore(options, { fix: false, builtWith }, signal)).findings;
    };
    expect(await look([spec.embedder, "other"], spec.chunker)).toEqual([]);
    expect(await look(["other"], "newer-1")).toEqual([
      {
        collection: name,
        state: "note",
        what: expect.stringMatching(
          new RegExp(
            `${spec.embedder}, which is not at hand.* name its model in EMBEDDING_MODEL, or`,
          ),
        ),
      },
      {
        collection: name,
        state: "note",
        what: expect.stringMatching(new RegExp(`${spec.chunker}.*newer-1.*anew`)),
      },
    ]);
  });

  test("is told from a folder that is none", async () => {
    const { folder } = await createTestStore();
    await writeFile(join(folder, "notes.md"), "# Notes");
    await expect(examine(folder)).rejects.toMatchObject({
      code: "not_found",
      detail: expect.stringContaining("there is no store in"),
    });
    expect(await readdir(folder)).toEqual(["notes.md"]);
  });

  test.each(["yarn.lock", "deno.lock", "2026.journal", "mouse.pointer"])(
    "is told from a folder with another program's %s, which is left alone",
    async (file) => {
      const { folder } = await createTestStore();
      await writeFile(join(folder, file), '{"version":"4"}\n');
      for (const fix of [false, true]) {
        await expect(examine(folder, fix)).rejects.toMatchObject({ code: "not_found" });
      }
      expect(await readFile(join(folder, file), "utf8")).toBe('{"version":"4"}\n');
      expect(await readdir(folder)).toEqual([file]);
    },
  );

  test("is told from what is no folder, and from one that cannot be read", async () => {
    const { folder } = await createTestStore();
    await writeFile(join(folder, "file"), "");
    await expect(examine(join(folder, "file"))).rejects.toMatchObject({ code: "not_found" });
    await expect(examine(join(folder, "file", "below"))).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("two generations", () => {
  test("a pointer that is lost costs no generation: there is a way back and forth after mending", async () => {
    const folder = await fill();
    const store = await openTestStore(folder);
    const next = await store.generations?.begin({ ...spec, language: "none" }, signal);
    await next?.commit({ put: [toDocument("a", ["one", "two"])], remove: [] }, signal);
    await next?.index(signal);
    await next?.publish(signal);
    await next?.close();
    const path = join(folder, `${name}.pointer`);
    for (const [chunks, lose, line] of [
      [3, () => writeFile(path, "{"), /damaged: its pointer file is damaged/],
      [2, () => rm(path), /damaged: it has no pointer file, though generation 1 was published/],
    ] as const) {
      await lose();
      expect((await examine(folder)).join("\n")).toMatch(line);
      const mended = await examine(folder, true);
      expect(mended.filter((finding) => finding.startsWith("damaged"))).toEqual([]);
      expect(await examine(folder)).toEqual([]);
      const other = await openTestStore(folder);
      expect(await other.generations?.rollback(name, signal)).toMatchObject({ chunks });
    }
  });
});

test("what one lacks that was begun and not finished is not said of the one that is read", async () => {
  const folder = await fill();
  const store = await openTestStore(folder);
  const next = await store.generations?.begin({ ...spec, language: "none" }, signal);
  await next?.commit({ put: [toDocument("a", ["one", "two"])], remove: [] }, signal);
  await next?.close();
  const found = await examine(folder);
  expect(found[0]).toMatch(/^note: .*\.g2 was begun and not finished/);
  expect(found.slice(1).length).toBeGreaterThan(0);
  for (const line of found.slice(1)) expect(line).toMatch(/^damaged: \w+\.g2: /);
});

test("without a pointer file no generation is taken for an expired one", async () => {
  const folder = await fill();
  const begin = async (language: string) => {
    const store = await openTestStore(folder);
    const next = await store.generations?.begin({ ...spec, language }, signal);
    await next?.commit({ put: [toDocument("a", ["one", "two"])], remove: [] }, signal);
    return next;
  };
  const published = await begin("none");
  await published?.publish(signal);
  await published?.close();
  await rm(join(folder, `${name}.pointer`));
  await (await begin("german"))?.close();
  const tables = [`${name}.g2.lance`, `${name}.g3.lance`];
  expect(await readdir(folder)).toEqual(expect.arrayContaining(tables));
});

describe("damage", () => {
  test.each<[string, (folder: string) => Promise<unknown>, RegExp]>([
    ["of the pointer", (folder) => writeFile(join(folder, `${name}.pointer`), "{"), /pointer/],
    ["of the journal", (folder) => flip(join(folder, `${name}.journal`)), /journal/],
    [
      "of the journal's last line",
      async (folder) => {
        const path = join(folder, `${name}.journal`);
        await truncate(path, (await stat(path)).size - 9);
      },
      /journal ends in the middle of a line/,
    ],
    ["that took the journal", (folder) => rm(join(folder, `${name}.journal`)), /no journal/],
    ["of the lock", (folder) => writeFile(join(folder, `${name}.lock`), "{"), /lock file/],
    [
      "of an index",
      async (folder) => flip(await pick(folder, `${name}.lance`, "_indices")),
      /_indices.* is not what was written/,
    ],
    [
      "of a transaction",
      async (folder) => flip(await pick(folder, `${name}.lance`, "_transactions")),
      /_transactions.* is not what was written/,
    ],
    [
      "of the statistics",
      async (folder) => flip(await pick(folder, `${name}.terms.lance`, "data")),
      /terms.* is not what was written/,
    ],
    [
      "of the manifest of the statistics",
      async (folder) => flip(await pick(folder, `${name}.terms.lance`, "_versions")),
      /terms.*manifest is not what was written/,
    ],
    [
      "of the newest manifest",
      async (folder) => truncate(await pick(folder, `${name}.lance`, "_versions"), 0),
      /manifest/,
    ],
    [
      "of what the newest manifest says the table was built with",
      async (folder) => {
        const path = await pick(folder, `${name}.lance`, "_versions");
        const bytes = await readFile(path);
        bytes.write("x", bytes.indexOf("tributary:collection"));
        await writeFile(path, bytes);
      },
      /damaged: the file .*manifest is not what was written/,
    ],
    [
      "of the hint",
      (folder) =>
        writeFile(join(folder, `${name}.lance`, "_versions", "latest_version_hint.json"), "{"),
      /hint/,
    ],
  ])("%s is found, and mended without losing a chunk", async (_what, damage, line) => {
    const folder = await fill();
    await damage(folder);
    expect((await examine(folder)).join("\n")).toMatch(line);
    const mended = await examine(folder, true);
    expect(mended.filter((finding) => finding.startsWith("damaged"))).toEqual([]);
    expect(await examine(folder)).toEqual([]);
    expect(await countChunks(folder)).toBe(3);
  });

  test("of data is found; mending marks the documents for the next ingest", async () => {
    const folder = await fill();
    const data = join(folder, `${name}.lance`, "data");
    for (const file of await readdir(data)) {
      const bytes = await readFile(join(data, file));
      const at = bytes.indexOf("three");
      if (at === -1) continue;
      bytes.write("threw", at);
      await writeFile(join(data, file), bytes);
    }
    expect((await examine(folder)).join("\n")).toContain(`chunk "b#0" is damaged`);
    expect((await examine(folder, true)).join("\n")).toContain("ingest them again");
    expect(await examine(folder)).toEqual([]);
    const writer = await (await openTestStore(folder)).openWriter(name, signal);
    const documents = await writer.documents(signal);
    expect([...documents.values()].map(({ id, hash }) => [id, hash])).toEqual([["a", ""]]);
    await writer.close();
  });

  test.each(["cut to nothing", "gone"])(
    "that leaves a data file %s costs its documents only; what can be read is brought over",
    async (how) => {
      const folder = await fill();
      const data = join(folder, `${name}.lance`, "data");
      const before = new Set(await readdir(data));
      const writer = await (await openTestStore(folder)).openWriter(name, signal);
      await writer.commit({ put: [toDocument("c", ["four", "five"])], remove: [] }, signal);
      await writer.close();
      for (const file of await readdir(data)) {
        if (before.has(file)) continue;
        if (how === "gone") await rm(join(data, file));
        else await truncate(join(data, file), 0);
      }
      expect((await examine(folder)).join("\n")).toMatch(/damaged: the file .*data.* is not what/);
      const mended = await examine(folder, true);
      expect(mended.filter((finding) => finding.startsWith("damaged"))).toEqual([]);
      expect(mended.join("\n")).toContain("2 chunks cannot be read any more, 3 were brought over");
      expect(await examine(folder)).toEqual([]);
      const again = await (await openTestStore(folder)).openWriter(name, signal);
      expect([...(await again.documents(signal)).keys()].toSorted()).toEqual(["a", "b"]);
      await again.commit({ put: [toDocument("c", ["four", "five"])], remove: [] }, signal);
      await again.index(signal);
      await again.close();
      expect(await countChunks(folder)).toBe(5);
      expect(await examine(folder)).toEqual([]);
      const aside = await readdir(join(folder, `${name}.quarantine`));
      expect(aside.some((file) => file.endsWith(`${name}.lance`))).toBe(true);
    },
  );

  test("that leaves no chunk to be read changes nothing, and says what is left to do", async () => {
    const folder = await fill();
    const data = join(folder, `${name}.lance`, "data");
    for (const file of await readdir(data)) await rm(join(data, file));
    const before = await readdir(folder);
    const findings = (await examine(folder, true)).join("\n");
    expect(findings).toMatch(/damaged: the file .*data/);
    expect(findings).toContain("restoring its folder");
    expect(await readdir(folder)).toEqual(before);
  });

  test("of a creation that was cut off is moved aside", async () => {
    const folder = await fill();
    await mkdir(join(folder, "other.lance", "_versions"), { recursive: true });
    expect(await examine(folder)).toEqual([expect.stringMatching(/damaged: other is the shell/)]);
    await examine(folder, true);
    expect(await examine(folder)).toEqual([]);
  });
});

describe("what another process, another user or another program has", () => {
  // A folder in its place: also root, whom no permission stops, cannot read that.
  test.each(["journal", "pointer", "lock"])(
    "a %s that cannot be read: one line, and nothing is changed",
    async (kind) => {
      const folder = await fill();
      const path = join(folder, `${name}.${kind}`);
      await rm(path, { force: true });
      await mkdir(path);
      for (const fix of [false, true]) {
        expect(await examine(folder, fix)).toEqual([
          expect.stringMatching(new RegExp(`^damaged: .*${name}\\.${kind} .*cannot be read`)),
        ]);
      }
      const store = await openTestStore(folder);
      expect(await refusal(store.openWriter(name, signal))).toMatchObject({
        code: "store_unavailable",
        detail: expect.stringContaining(`${name}.${kind}`),
      });
      expect((await stat(path)).isDirectory()).toBe(true);
    },
  );

  test("a folder that only bears the name of a table is left where it is", async () => {
    const folder = await fill();
    await mkdir(join(folder, "sir.lance", "letters"), { recursive: true });
    await mkdir(join(folder, "old.lance", "_versions"), { recursive: true });
    await writeFile(join(folder, "old.lance", "_versions", "1.manifest"), "another naming");
    const before = await readdir(folder);
    for (const fix of [false, true]) {
      expect(await examine(folder, fix)).toEqual([
        expect.stringContaining("note: old.lance is a folder of another program"),
        expect.stringContaining("note: sir.lance is a folder of another program"),
      ]);
    }
    expect(await readdir(folder)).toEqual(before);
  });

  test("a lock of another host: said with its host, and nothing is changed", async () => {
    const folder = await fill();
    const path = join(folder, `${name}.lock`);
    const lock = JSON.stringify({ token: "t", pid: 12, host: "elsewhere", startedAt: "" });
    await writeFile(path, lock);
    for (const fix of [false, true]) {
      expect(await examine(folder, fix)).toEqual([
        expect.stringMatching(/^unexamined: .*process 12 on elsewhere; .*delete its lock file/),
      ]);
    }
    expect(await readFile(path, "utf8")).toBe(lock);
  });
});

describe("files of a newer program", () => {
  const newer = toCheckedLine({ format: 99 });
  test.each(["journal", "pointer"])("%s: one clear line, and nothing is changed", async (kind) => {
    const folder = await fill();
    const path = join(folder, `${name}.${kind}`);
    await writeFile(path, newer);
    expect(await examine(folder, true)).toEqual([expect.stringContaining("newer version")]);
    const store = await openTestStore(folder);
    expect(await refusal(store.openWriter(name, signal))).toMatchObject({
      code: "collection_unavailable",
      detail: expect.stringContaining("newer version"),
    });
    expect(await readFile(path, "utf8")).toBe(newer);
  });

  test("lock: nobody writes", async () => {
    const folder = await fill();
    await writeFile(join(folder, `${name}.lock`), JSON.stringify({ format: 2, owner: "x" }));
    const store = await openTestStore(folder);
    expect(await refusal(store.openWriter(name, signal))).toMatchObject({
      code: "ingest_locked",
      detail: expect.stringContaining("newer version"),
    });
    expect(await examine(folder, true)).toEqual([expect.stringContaining("newer version")]);
  });
});
