/** An archive of files whose disk hangs, or whose runs come and go many at a time. */
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredRun } from "../../../src/http/runs/archive.ts";
import { createFileArchive } from "../../../src/node/files/file-archive.ts";
import { makePipe } from "../../ingest/fixtures/pipe.ts";
import { goodRun, recordLog } from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const LIMITS = { runsMax: 100, bytesMax: 10_000_000, ageMsMax: 60_000 };
const key = { name: "k", fingerprint: "f" };
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function makeRun(id: string, change: Partial<StoredRun> = {}): StoredRun {
  return { id, callerId: "a", events: goodRun, ...change };
}

async function age(file: string, ms: number): Promise<void> {
  const then = (Date.now() - ms) / 1_000;
  await utimes(file, then, then);
}

test("behind an idle night, when all runs are too old, who asks waits for the end of a few only", async () => {
  const before = await createFileArchive(folder, LIMITS, recordLog());
  const ids = Array.from({ length: LIMITS.runsMax }, (_, at) => `r${at}`);
  await Promise.all(ids.map((id) => before.put(makeRun(id, { key: { ...key, name: id } }))));
  await Promise.all(ids.map((id) => age(join(folder, `${id}.run.json`), LIMITS.ageMsMax + 1)));
  const log = recordLog();
  const archive = await createFileArchive(folder, LIMITS, log);
  const left = async () =>
    (await readdir(folder)).filter((name) => name.endsWith(".run.json")).length;
  expect(await archive.find("r99")).toEqual({ status: "expired", callerId: "a" });
  expect(await left()).toBeGreaterThan(ids.length / 2);
  await expect.poll(left).toBe(0);
  expect(await readdir(join(folder, "keys"))).toEqual([]);
  expect(log.lines).toEqual([]);
});

describe("a disk that hangs", () => {
  /** A run whose file keeps whoever reads it waiting, until `answer`. */
  async function hang(id: string) {
    const file = join(folder, `${id}.run.json`);
    await rm(file);
    makePipe(file);
    return { answer: () => writeFile(file, "{}") };
  }
  const unavailable = {
    code: "store_unavailable",
    detail: expect.stringContaining("RUN_JOURNAL_DIR"),
  };

  test("holds no run up for longer than its patience, nor those behind it at all, and counts again when it answers", async () => {
    const log = recordLog();
    const clock = createFakeClock();
    const archive = await createFileArchive(folder, { ...LIMITS, runsMax: 1 }, log, clock);
    await archive.put(makeRun("r1"));
    const { answer } = await hang("r1");
    const puts = [archive.put(makeRun("r2")), archive.put(makeRun("r3"))];
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(15_000);
    await Promise.all(puts);
    await archive.put(makeRun("r4"));
    expect(log.lines.filter((line) => line.includes("run-not-kept"))).toHaveLength(3);
    await expect(archive.find("r3")).rejects.toMatchObject(unavailable);
    await expect(archive.findByKey("a", "k")).rejects.toMatchObject(unavailable);
    await answer();
    await expect.poll(() => archive.find("r2")).toMatchObject({ status: "kept" });
    await archive.put(makeRun("r5"));
    expect(await archive.find("r5")).toMatchObject({ status: "kept" });
    expect(clock.pending).toBe(0);
  });

  test("takes no more of the process's threads than three, however many ask", async () => {
    const clock = createFakeClock();
    const archive = await createFileArchive(folder, LIMITS, recordLog(), clock);
    for (const id of ["r1", "r2", "r3", "r4", "r5"]) await archive.put(makeRun(id));
    const hung = await Promise.all(["r1", "r2", "r3", "r4", "r5"].map((id) => hang(id)));
    const finds = ["r1", "r2", "r3", "r4", "r5"].map((id) => archive.find(id));
    const ended = Promise.allSettled(finds);
    await expect.poll(() => clock.pending).toBe(2);
    // What needs a thread of the same pool gets one.
    expect(await readdir(folder)).toContain("r1.run.json");
    await clock.advance(15_000);
    for (const one of await ended) {
      expect(one).toMatchObject({ status: "rejected", reason: unavailable });
    }
    await Promise.all(hung.slice(0, 2).map(({ answer }) => answer()));
  });
});

test("those who come together wait for their turn, however few runs are kept, and the last one stays", async () => {
  const archive = await createFileArchive(folder, { ...LIMITS, runsMax: 1 }, recordLog());
  await Promise.all(["r1", "r2", "r3", "r4", "r5"].map((id) => archive.put(makeRun(id))));
  const found = await Promise.all(Array.from({ length: 5 }, () => archive.find("r5")));
  expect(found.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "kept"));
});
