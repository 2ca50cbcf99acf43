/** What every archive of runs must do, on each. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import type { ArchiveLimits, RunArchive, StoredRun } from "../../../src/http/runs/archive.ts";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import { createFileArchive } from "../../../src/node/files/file-archive.ts";
import { zstdPacker } from "../../../src/node/files/zstd-packer.ts";
import { goodRun, recordLog } from "../../support/app.ts";

const LIMITS: ArchiveLimits = { runsMax: 100, bytesMax: 10_000_000, ageMsMax: 60_000 };
const folders: string[] = [];

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "runs-"));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const archives: readonly (readonly [string, (limits: ArchiveLimits) => Promise<RunArchive>])[] = [
  ["memory", async (limits) => createMemoryArchive(limits, systemClock)],
  ["memory, packed", async (limits) => createMemoryArchive(limits, systemClock, zstdPacker)],
  ["files", async (limits) => createFileArchive(await makeFolder(), limits, recordLog())],
];

function makeRun(id: string, change: Partial<StoredRun> = {}): StoredRun {
  return { id, callerId: "a", events: goodRun, ...change };
}

const key = { name: "../k", fingerprint: "f" };

describe.each(archives)("%s", (_name, create) => {
  test("a run comes back as it went, by its id and by its key", async () => {
    const archive = await create(LIMITS);
    const run = makeRun("r1", { key });
    await archive.put(run);
    expect(await archive.find("r1")).toEqual({ status: "kept", run });
    expect(await archive.findByKey("a", key.name)).toEqual(run);
    expect(await archive.findByKey("b", key.name)).toBeUndefined();
    expect(await archive.findByKey("a", "other")).toBeUndefined();
  });

  test("the latest run has the key", async () => {
    const archive = await create(LIMITS);
    await archive.put(makeRun("r1", { key }));
    await archive.put(makeRun("r2", { key }));
    expect(await archive.findByKey("a", key.name)).toMatchObject({ id: "r2" });
  });

  test.each(["", "r9", "../r1", "__proto__"])("there is no run %j", async (id) => {
    const archive = await create(LIMITS);
    await archive.put(makeRun("r1"));
    expect(await archive.find(id)).toEqual({ status: "unknown" });
  });

  const tight: readonly (readonly [string, Partial<ArchiveLimits>])[] = [
    ["in number", { runsMax: 2 }],
    ["in bytes", { bytesMax: 2_500 }],
  ];
  test.each(tight)("is bounded %s: the oldest goes and is remembered", async (_limit, limits) => {
    const archive = await create({ ...LIMITS, ...limits });
    for (const id of ["r1", "r2", "r3", "r4", "r5"]) await archive.put(makeRun(id, { key }));
    expect(await archive.find("r1")).not.toMatchObject({ status: "kept" });
    expect(await archive.find("r3")).toEqual({ status: "expired", callerId: "a" });
    expect(await archive.find("r5")).toMatchObject({ status: "kept" });
    expect(await archive.findByKey("a", key.name)).toMatchObject({ id: "r5" });
  });

  test.each([
    ["in number", { runsMax: 8 }],
    ["in bytes", { bytesMax: 6_000 }],
  ])("a busy caller pushes out runs of its own, bounded %s", async (_limit, limits) => {
    const archive = await create({ ...LIMITS, ...limits });
    await archive.put(makeRun("quiet", { callerId: "b", key }));
    for (let count = 0; count < 19; count += 1) await archive.put(makeRun(`r${count}`));
    expect(await archive.findByKey("b", key.name)).toMatchObject({ id: "quiet" });
    expect(await archive.find("r8")).toEqual({ status: "expired", callerId: "a" });
    expect(await archive.find("r18")).toMatchObject({ status: "kept" });
  });

  test("a busy caller's runs that went push out none of the others' that went", async () => {
    const archive = await create({ ...LIMITS, runsMax: 4, ageMsMax: 200 });
    await archive.put(makeRun("quiet", { callerId: "b" }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let count = 0; count < 12; count += 1) await archive.put(makeRun(`r${count}`));
    expect(await archive.find("quiet")).toEqual({ status: "expired", callerId: "b" });
    expect(await archive.find("r0")).toEqual({ status: "unknown" });
  });

  test("is bounded in age", async () => {
    const archive = await create({ ...LIMITS, ageMsMax: 1 });
    await archive.put(makeRun("r1", { key }));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await archive.find("r1")).toEqual({ status: "expired", callerId: "a" });
    expect(await archive.findByKey("a", key.name)).toBeUndefined();
  });
});

test("files outlive the process, and so does the mark of those that went", async () => {
  const folder = await makeFolder();
  const before = await createFileArchive(folder, { ...LIMITS, runsMax: 2 }, recordLog());
  for (const id of ["r1", "r2", "r3"]) await before.put(makeRun(id, { key }));
  const after = await createFileArchive(folder, { ...LIMITS, runsMax: 2 }, recordLog());
  expect(await after.find("r1")).toEqual({ status: "expired", callerId: "a" });
  expect(await after.find("r2")).toMatchObject({ status: "kept" });
  expect(await after.findByKey("a", key.name)).toMatchObject({ id: "r3" });
  expect((await readdir(folder)).filter((name) => name.endsWith(".new"))).toEqual([]);
});

test("behind a restart files are still counted by their callers", async () => {
  const folder = await makeFolder();
  const limits = { ...LIMITS, runsMax: 4 };
  const before = await createFileArchive(folder, limits, recordLog());
  await before.put(makeRun("quiet", { callerId: "b" }));
  for (const id of ["r1", "r2", "r3"]) await before.put(makeRun(id));
  const after = await createFileArchive(folder, limits, recordLog());
  for (const id of ["r4", "r5"]) await after.put(makeRun(id));
  expect(await after.find("quiet")).toMatchObject({ status: "kept" });
  expect(await after.find("r2")).toEqual({ status: "expired", callerId: "a" });
});

test("processes that share a folder find each other's runs, by id and by key, and what the others let go", async () => {
  const folder = await makeFolder();
  const limits = { ...LIMITS, runsMax: 2 };
  const open = () => createFileArchive(folder, limits, recordLog());
  const [one, other] = [await open(), await open()];
  const run = makeRun("r1", { key });
  await one.put(run);
  expect(await other.find("r1")).toEqual({ status: "kept", run });
  expect(await (await open()).findByKey("a", key.name)).toEqual(run);
  expect(await other.findByKey("a", key.name)).toEqual(run);
  await other.put(makeRun("r2", { key }));
  expect(await one.findByKey("a", key.name)).toMatchObject({ id: "r2" });
  await one.put(makeRun("r3"));
  expect(await other.find("r1")).toEqual({ status: "expired", callerId: "a" });
  expect((await readdir(folder)).filter((name) => name.endsWith(".run.json"))).toHaveLength(2);
});

test("behind a restart the marks of runs that went are still counted by their callers", async () => {
  const folder = await makeFolder();
  const limits = { ...LIMITS, runsMax: 2 };
  const before = await createFileArchive(folder, limits, recordLog());
  await before.put(makeRun("quiet", { callerId: "b" }));
  await age(join(folder, "quiet.run.json"), LIMITS.ageMsMax + 1_000);
  const after = await createFileArchive(folder, limits, recordLog());
  expect(await after.find("quiet")).toMatchObject({ status: "expired" });
  const last = await createFileArchive(folder, limits, recordLog());
  for (let count = 0; count < 9; count += 1) await last.put(makeRun(`r${count}`));
  expect(await last.find("quiet")).toEqual({ status: "expired", callerId: "b" });
  expect((await readdir(folder)).filter((name) => name.endsWith(".expired"))).toHaveLength(2);
});

test("containers, whose processes are all called alike, write one key at the same time", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archives = await Promise.all(
    Array.from({ length: 4 }, () => createFileArchive(folder, LIMITS, log)),
  );
  await Promise.all(
    archives.map(async (archive, at) => {
      for (let turn = 0; turn < 8; turn += 1) await archive.put(makeRun(`r${at}-${turn}`, { key }));
    }),
  );
  expect(log.lines).toEqual([]);
  expect(await archives[0]?.findByKey("a", key.name)).toBeDefined();
});

test("a run of another process is too old for all of them at the same time", async () => {
  const folder = await makeFolder();
  const [one, other] = [
    await createFileArchive(folder, LIMITS, recordLog()),
    await createFileArchive(folder, LIMITS, recordLog()),
  ];
  await one.put(makeRun("r1", { key }));
  await age(join(folder, "r1.run.json"), LIMITS.ageMsMax + 1_000);
  expect(await other.findByKey("a", key.name)).toBeUndefined();
  expect(await other.find("r1")).toEqual({ status: "expired", callerId: "a" });
});

test("what a process was writing when it was killed goes, and what another writes now stays", async () => {
  const folder = await makeFolder();
  await createFileArchive(folder, LIMITS, recordLog());
  const left = [join(folder, "r1.run.json.7.new"), join(folder, "keys", "k.7.new")];
  const writing = join(folder, "r2.run.json.8.new");
  for (const file of [...left, writing]) await writeFile(file, "{");
  for (const file of left) await age(file, 3_600_000);
  await createFileArchive(folder, LIMITS, recordLog());
  expect((await readdir(folder)).toSorted()).toEqual(["keys", "r2.run.json.8.new"]);
  expect(await readdir(join(folder, "keys"))).toEqual([]);
});

async function age(file: string, ms: number): Promise<void> {
  const then = (Date.now() - ms) / 1_000;
  await utimes(file, then, then);
}

test("what stays of runs that went is bounded too, keys and marks alike", async () => {
  const folder = await makeFolder();
  const archive = await createFileArchive(folder, { ...LIMITS, runsMax: 2 }, recordLog());
  for (let count = 0; count < 9; count += 1) {
    await archive.put(makeRun(`r${count}`, { key: { ...key, name: `k${count}` } }));
  }
  expect(await readdir(join(folder, "keys"))).toHaveLength(2);
  expect((await readdir(folder)).filter((name) => name.endsWith(".expired"))).toHaveLength(2);
  expect((await readdir(folder)).filter((name) => name.endsWith(".run.json"))).toHaveLength(2);
});

test("a damaged file is no run, and the log knows", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archive = await createFileArchive(folder, LIMITS, log);
  await archive.put(makeRun("r1", { key }));
  await writeFile(join(folder, "r1.run.json"), '{"id":"r1","events":[{}');
  expect(await archive.find("r1")).toEqual({ status: "unknown" });
  expect(await archive.findByKey("a", key.name)).toBeUndefined();
  expect(log.lines.join("\n")).toContain("run-unreadable");
});

test("what is not a run but is called like one keeps no service from starting", async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, "r1.run.json"));
  await writeFile(join(folder, "r2.run.json"), "{");
  const archive = await createFileArchive(folder, LIMITS, recordLog());
  await archive.put(makeRun("r3"));
  expect(await archive.find("r3")).toMatchObject({ status: "kept" });
});

test("a folder that cannot be made is an error that says what to do", async () => {
  await expect(createFileArchive("/dev/null/runs", LIMITS, recordLog())).rejects.toMatchObject({
    code: "store_unavailable",
    detail: expect.stringContaining("RUN_JOURNAL_DIR"),
  });
});

test("a run that goes makes room even where no mark of it can be written, as on a full disk", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archive = await createFileArchive(folder, { ...LIMITS, runsMax: 1 }, log);
  await mkdir(join(folder, "r1.expired"));
  for (const id of ["r1", "r2"]) await archive.put(makeRun(id));
  expect((await readdir(folder)).filter((name) => name.endsWith(".run.json"))).toEqual([
    "r2.run.json",
  ]);
  expect(await archive.find("r2")).toMatchObject({ status: "kept" });
  expect(log.lines.join("\n")).toContain("run-not-marked");
});

test("a run that cannot be written leaves nothing of it behind", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archive = await createFileArchive(folder, LIMITS, log);
  await mkdir(join(folder, "r1.run.json"));
  await archive.put(makeRun("r1"));
  expect(log.lines.join("\n")).toContain("run-not-kept");
  expect(await readdir(folder)).toEqual(["keys", "r1.run.json"]);
});

test("a run whose key cannot be written is there and counts, until others take its place", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archive = await createFileArchive(folder, { ...LIMITS, runsMax: 1 }, log);
  await archive.put(makeRun("r1", { key }));
  await rm(join(folder, "keys"), { recursive: true });
  await archive.put(makeRun("r2", { key }));
  expect(log.lines.join("\n")).toContain("run-not-kept");
  expect(await archive.find("r2")).toMatchObject({ status: "kept" });
  await archive.put(makeRun("r3"));
  const files = (await readdir(folder)).filter((file) => file.endsWith(".run.json"));
  expect(files).toEqual(["r3.run.json"]);
});

test("a run that cannot be written is logged, and nothing else fails", async () => {
  const folder = await makeFolder();
  const log = recordLog();
  const archive = await createFileArchive(folder, LIMITS, log);
  await rm(folder, { recursive: true });
  await archive.put(makeRun("r1"));
  expect(log.lines.join("\n")).toContain("run-not-kept");
});
