/** The journal and the pointer: what was written comes back, and what is damaged, cut or newer is told apart. */
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toCheckedLine } from "../../../src/node/durable/checked-line.ts";
import { appendJournal, readJournal, writeJournal } from "../../../src/node/durable/journal.ts";
import { readPointer, writePointer } from "../../../src/node/durable/pointer.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-journal-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

describe("a journal", () => {
  const version = (number: number) =>
    ({
      type: "version",
      version: number,
      chunks: number * 10,
      documents: number,
      files: { [`data/${number}`]: [number, 7] },
    }) as const;
  const write = async (): Promise<string> => {
    const path = join(folder, "notes.journal");
    await appendJournal(path, version(1));
    await appendJournal(path, version(2));
    return path;
  };

  test("gives back the last version and every file", async () => {
    const journal = await readJournal(await write());
    expect(journal).toMatchObject({ state: "sound", last: { version: 2, chunks: 20 } });
    expect([...journal.files]).toEqual([
      ["data/1", [1, 7]],
      ["data/2", [2, 7]],
    ]);
  });

  test("that is not there is empty", async () => {
    expect(await readJournal(join(folder, "none"))).toMatchObject({ state: "absent" });
  });

  test("whose last line was cut off is whole up to there, and can be gone on with", async () => {
    const path = await write();
    await truncate(path, (await readFile(path)).length - 9);
    expect(await readJournal(path)).toMatchObject({ state: "cut", last: { version: 1 } });
    await appendJournal(path, version(3));
    const journal = await readJournal(path);
    expect(journal).toMatchObject({ state: "sound", last: { version: 3 } });
    expect([...journal.files.keys()]).toEqual(["data/1", "data/3"]);
  });

  test("is broken by any flipped bit", async () => {
    const path = await write();
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, changed);
      expect([at, (await readJournal(path)).state]).not.toEqual([at, "sound"]);
    }
  });

  test("of a newer program is recognised", async () => {
    const path = await write();
    await appendFile(path, toCheckedLine({ format: 2, type: "wonder" }));
    expect(await readJournal(path)).toMatchObject({ state: "newer" });
  });

  test("written anew holds only what it was given", async () => {
    const path = await write();
    await appendJournal(path, { type: "cleanup" });
    expect(await readJournal(path)).toMatchObject({ cleaning: true });
    await writeJournal(path, version(2), 5);
    const journal = await readJournal(path);
    expect(journal).toMatchObject({ state: "sound", cleaning: false, readyAtMs: 5 });
    expect([...journal.files.keys()]).toEqual(["data/2"]);
  });
});

describe("a pointer", () => {
  test("that is not there means the first generation", async () => {
    expect(await readPointer(join(folder, "none"), "notes")).toEqual({ current: 1 });
  });

  test("gives back what was written; a flipped bit, a cut and a newer format are refused", async () => {
    const path = join(folder, "notes.pointer");
    await writePointer(path, { current: 2, previous: { generation: 1, keptUntilMs: 9 } });
    expect(await readPointer(path, "notes")).toMatchObject({ current: 2 });
    const whole = await readFile(path);
    const refused = { code: "collection_unavailable", detail: expect.stringContaining("notes") };
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, changed);
      await expect(readPointer(path, "notes")).rejects.toMatchObject(refused);
    }
    await writeFile(path, whole.subarray(0, 20));
    await expect(readPointer(path, "notes")).rejects.toMatchObject(refused);
    await writeFile(path, toCheckedLine({ format: 2 }));
    await expect(readPointer(path, "notes")).rejects.toMatchObject({
      detail: expect.stringContaining("newer version"),
    });
  });
});
