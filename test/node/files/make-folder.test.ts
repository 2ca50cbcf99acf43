import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder } from "../../../src/node/files/make-folder.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tributary-make-"));
  await writeFile(join(root, "file"), "");
});
afterAll(() => rm(root, { recursive: true }));

test("makes a folder and those above it, also twice and at the same time", async () => {
  const path = join(root, "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(path)]);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test.each([
  ["where a file is", () => join(root, "file"), "EEXIST"],
  ["below a file", () => join(root, "file", "x"), "ENOTDIR"],
  ["where the system allows none", () => "/proc/nope/x/y", "ENOENT"],
])("gives up %s", async (_, path, code) => {
  await expect(makeFolder(path())).rejects.toMatchObject({ code });
});
