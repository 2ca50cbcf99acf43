/** How the scripts that people start take what is typed behind them. */
import { readFile } from "node:fs/promises";
import { glob } from "tinyglobby";
import { expect, test } from "vitest";
import { runProgram } from "./support/process.ts";

/** Reads its own line, which its own tests try. */
const OWN = new Set(["chaos"]);

async function listNamed(): Promise<readonly string[]> {
  const files = await glob([
    "package.json",
    "README.md",
    "ARCHITECTURE.md",
    ".ci/run",
    "docs/*",
    "data/**/*.md",
  ]);
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const named = texts.flatMap((text) => [...text.matchAll(/node scripts\/([\w-]+)\.ts/g)]);
  return [...new Set(named.map(([, name = ""]) => name))].filter((name) => !OWN.has(name));
}

test("every script that is named to people says how it is used, and begins nothing over a typing error", async () => {
  const names = await listNamed();
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    const text = await readFile(`scripts/${name}.ts`, "utf8");
    expect.soft(text, name).toMatch(/\b(readCommandLine|refuseUse|benchMain|listFolders)\(/);
  }
});

test("--help prints the usage", async () => {
  const { code, stdout, stderr } = await runProgram("scripts/durability.ts", ["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Usage: node scripts\/durability\.ts \[--only /);
});

test.each([
  [["durability", "--nonsense"], "durability: Unknown option '--nonsense'"],
  [["durability", "kill"], "durability: what is kill for?"],
  [["durability", "--only"], "durability: Option '--only <value>' argument missing"],
  [
    ["durability", "--only", "nothing"],
    "durability: there is no measure nothing; there are: kill, ",
  ],
  [["eval-checks"], "eval-checks: it takes a set"],
  [["fresh-clone", "tests"], "fresh-clone: what is tests for?"],
])("%j is refused in a sentence and the usage", async ([name = "", ...args], expected) => {
  const { code, stdout, stderr } = await runProgram(`scripts/${name}.ts`, args);
  expect([code, stdout]).toEqual([64, ""]);
  expect(stderr).toContain(expected);
  expect(stderr.trim().split("\n")).toHaveLength(2);
});
