/**
 * Tries the README's two commands as a new user would: a clone in a new folder, nothing installed,
 * no key. `node scripts/fresh-clone.ts start` runs the first, asks a question, and stops the service;
 * `node scripts/fresh-clone.ts test` runs the second. Needs npm and the npm registry.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readCommandLine, refuseUse } from "./command-line.ts";

const NPX = ["-y", "-p", "node@24", "-p", "pnpm@12", "--", "pnpm"];
const START_MS_MAX = 300_000;

const USAGE = "node scripts/fresh-clone.ts start | test";
const [what = "start"] = readCommandLine(USAGE, {}, 1).positionals;
if (!["start", "test"].includes(what)) refuseUse(`what is ${what} for?`, USAGE);
const folder = mkdtempSync(join(tmpdir(), "tributary-clone-"));
try {
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", process.cwd(), folder]);
  if (what === "test") runTests();
  else await tryStart();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runTests(): void {
  execFileSync("npx", [...NPX, "test"], { cwd: folder, stdio: "inherit" });
}

async function tryStart(): Promise<void> {
  const child = spawn("npx", [...NPX, "start"], {
    cwd: folder,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS_MAX);
  try {
    const url = await readUrl(child.stdout);
    const response = await fetch(`${url}/v1/ask`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: "Why should retries use jitter?" }),
    });
    const run = (await response.json()) as { grounding?: string; answer?: string };
    console.log(`${response.status} ${run.grounding}: ${run.answer}`);
    if (run.grounding !== "grounded") throw new Error("the first question got no grounded answer");
  } finally {
    clearTimeout(timer);
    // The whole group: npx and pnpm stand between this process and the service.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    await new Promise((resolve) => child.once("close", resolve));
  }
  console.log("fresh clone: start passed");
}

async function readUrl(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    console.log(line);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) {
      stream.resume();
      return url;
    }
  }
  throw new Error("the service ended before it printed its address");
}
