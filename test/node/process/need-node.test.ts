/** A Node that cannot run TypeScript says so in a sentence, before it meets any. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const CHECK = "./src/node/process/need-node.cjs";

function startAs(version: string) {
  const program = `Object.defineProperty(process.versions, "node", { value: "${version}" }); require("${CHECK}"); console.log("went on")`;
  return spawnSync(process.execPath, ["--eval", program], { encoding: "utf8" });
}

test.each(["18.20.4", "20.20.2", "22.21.0"])("Node %s is told what is needed", (version) => {
  const { status, stdout, stderr } = startAs(version);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain(`Node.js 24 or later, and this is ${version}`);
  expect(stderr).toContain("npx -y -p node@24 -p pnpm@12 -- pnpm start");
});

test.each(["24.0.0", "26.1.0"])("Node %s goes on", (version) => {
  expect(startAs(version)).toMatchObject({ status: 0, stdout: "went on\n", stderr: "" });
});

test("every command for users begins with it, and its number is the one of the package", () => {
  const { scripts, engines } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
    engines: { node: string };
  };
  for (const name of ["start", "ask", "ingest", "doctor", "keys"]) {
    expect(scripts[name]).toMatch(new RegExp(`^node -r ${CHECK} `));
  }
  expect(engines.node).toBe(">=24");
  execFileSync(process.execPath, ["-r", CHECK, "--eval", ""]);
});
