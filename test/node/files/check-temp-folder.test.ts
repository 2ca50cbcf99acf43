import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { connectLance } from "../../../src/node/lance/base.ts";
import { checkTempFolder } from "../../../src/node/files/check-temp-folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-temp-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("a folder for temporary files that is usable stays as it was", async () => {
  vi.stubEnv("TMPDIR", folder);
  await checkTempFolder();
  expect(await readdir(folder)).toEqual([]);
});

test("one that is not there is named before the native library ends the process over it", async () => {
  vi.stubEnv("TMPDIR", join(folder, "gone"));
  const options = { uri: join(folder, "store"), config: parseConfig({}), clock: systemClock };
  await expect(connectLance(options)).rejects.toMatchObject({
    code: "store_unavailable",
    detail: `no temporary files can be made in ${join(folder, "gone")} (ENOENT); set TMPDIR to a folder that can be written`,
  });
});
