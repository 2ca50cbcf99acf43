/** Installs the production dependencies alone into a temporary folder and fails when they weigh too much. */
import { execFileSync } from "node:child_process";
import { cpSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCommandLine } from "./command-line.ts";

readCommandLine("node scripts/check-dependencies.ts", {});

const MEGABYTES_MAX = 300;

const folder = mkdtempSync(join(tmpdir(), "tributary-production-"));
try {
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    cpSync(file, join(folder, file));
  }
  execFileSync("pnpm", ["install", "--prod", "--frozen-lockfile", "--silent"], {
    cwd: folder,
    stdio: "inherit",
  });
  const megabytes = Math.round(measure(join(folder, "node_modules")) / 1e6);
  console.log(`production dependencies: ${megabytes} MB, at most ${MEGABYTES_MAX}`);
  process.exitCode = megabytes <= MEGABYTES_MAX ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Bytes of all files; links are not followed. */
function measure(path: string): number {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0;
  return readdirSync(path).reduce((sum, name) => sum + measure(join(path, name)), 0);
}
