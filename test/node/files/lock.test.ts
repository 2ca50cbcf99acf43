/** The lock file: one holder, and no lock outlives its process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toAppError } from "../../../src/errors.ts";
import { acquireLock, type Lock } from "../../../src/node/files/lock.ts";

describe("a lock", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tributary-lock-"));
    path = join(folder, "deep", "guide.lock");
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const take = async (): Promise<Lock> => acquireLock(path, "collection guide");
  const plant = async (holder: Readonly<Record<string, unknown>>): Promise<void> => {
    await (await take()).release();
    await writeFile(path, JSON.stringify({ token: "other", startedAt: "", ...holder }));
  };

  test("is held until it is released, and releasing twice does no harm", async () => {
    const lock = await take();
    await expect(take()).rejects.toMatchObject({ code: "ingest_locked" });
    await lock.release();
    await lock.release();
    const next = await take();
    await lock.release();
    await expect(take()).rejects.toMatchObject({ code: "ingest_locked" });
    await next.release();
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  test("names the process and the host that hold it", async () => {
    const lock = await take();
    const detail = new RegExp(`process ${process.pid}.*${hostname()}`);
    await expect(take()).rejects.toMatchObject({ detail: expect.stringMatching(detail) });
    await lock.release();
  });

  test("goes to exactly one of many who ask at once", async () => {
    const taken = await Promise.allSettled(Array.from({ length: 12 }, take));
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("of a process that was killed is taken over, by exactly one of many", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await plant({ pid: child.pid, host: hostname() });
    await expect(take()).rejects.toMatchObject({ code: "ingest_locked" });
    child.kill("SIGKILL");
    await once(child, "exit");
    const taken = await Promise.allSettled(Array.from({ length: 8 }, take));
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("of a process that is gone is never had by two, however those who ask overtake each other", async () => {
    for (let round = 0; round < 60; round += 1) {
      await plant({ pid: process.pid, host: hostname(), startedAt: "1", token: `old-${round}` });
      // Some come while others are in the middle of it.
      const asking = Array.from({ length: 24 }, async (_, index) => {
        await sleep(index % 6);
        return take();
      });
      const taken = await Promise.allSettled(asking);
      const locks = taken.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const refusals = taken.flatMap((one) =>
        one.status === "rejected" ? [toAppError(one.reason).code] : [],
      );
      expect(locks).toHaveLength(1);
      expect(new Set(refusals)).toEqual(new Set(["ingest_locked"]));
      await locks[0]?.release();
    }
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  test("whose taking over was itself killed in the middle is taken over", async () => {
    const gone = { pid: process.pid, host: hostname(), startedAt: "1", format: 1 };
    await plant({ ...gone, token: "old" });
    await writeFile(`${path}.old.1`, JSON.stringify({ ...gone, token: "half" }));
    const lock = await take();
    expect(await readFile(path, "utf8")).not.toContain('"old"');
    await lock.release();
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  test("of an earlier process with the same id is taken over", async () => {
    await plant({ pid: process.pid, host: hostname(), startedAt: "1" });
    const lock = await take();
    expect(await readFile(path, "utf8")).toContain(String(process.pid));
    await lock.release();
  });

  test("of another machine is never taken over", async () => {
    await plant({ pid: 1, host: "elsewhere.example" });
    await expect(take()).rejects.toMatchObject({
      code: "ingest_locked",
      detail: expect.stringContaining("elsewhere.example"),
    });
  });

  test("that cannot be read is taken over", async () => {
    await plant({});
    await writeFile(path, "{");
    const lock = await take();
    expect(await readFile(path, "utf8")).toContain(hostname());
    await lock.release();
  });
});
