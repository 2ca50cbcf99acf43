/** Compiled code is kept between starts: beside the packages, or where Node is told to keep it. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeTempFolder } from "../../support/local-store.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PROGRAM = `
  import { getCompileCacheDir } from "node:module";
  import { keepCompiled } from "./src/node/process/keep-compiled.ts";
  keepCompiled();
  await import("./src/errors.ts");
  console.log(JSON.stringify([getCompileCacheDir() ?? null, process.env.NODE_COMPILE_CACHE ?? null]));
`;

/** The folder that the process uses, and the one that its children will. */
function start(env: Readonly<Record<string, string>> = {}): readonly unknown[] {
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  const stdout = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    cwd: ROOT,
    env: { ...rest, ...env },
    encoding: "utf8",
  });
  return JSON.parse(stdout) as readonly unknown[];
}

test("a start keeps compiled code beside the packages, for itself and its children", () => {
  const folder = join(ROOT, "node_modules/.cache/compiled");
  const [own, children] = start();
  expect(dirname(String(own))).toBe(folder);
  expect(children).toBe(folder);
  expect(readdirSync(String(own)).length).toBeGreaterThan(0);
});

test("Node's own two variables are heeded", async () => {
  await using elsewhere = await makeTempFolder();
  const [own, children] = start({ NODE_COMPILE_CACHE: elsewhere.path });
  expect(dirname(String(own))).toBe(elsewhere.path);
  expect(children).toBe(elsewhere.path);
  expect(start({ NODE_DISABLE_COMPILE_CACHE: "1" })[0]).toBeNull();
});
