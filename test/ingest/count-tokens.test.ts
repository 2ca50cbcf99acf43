import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeTempFolder } from "../support/local-store.ts";
import { runProgram } from "../support/process.ts";

test("the tokens of an exported collection are counted as models count them", async () => {
  await using folder = await makeTempFolder();
  const env = { DATA_DIR: join(folder.path, "store") };
  const file = join(folder.path, "notes.jsonl");
  const docs = join(folder.path, "docs");
  await mkdir(docs);
  // With their titles 300 tokens and 2, and two markers each.
  await writeFile(join(docs, "a.txt"), `${"red dog. ".repeat(99)}red dog`);
  await writeFile(join(docs, "b.txt"), "red");
  for (const args of [
    [docs, "--collection", "notes"],
    ["export", "notes", file],
  ]) {
    expect(await runProgram("ingest/main.ts", args, env)).toMatchObject({ code: 0 });
  }
  const { stdout, code } = await runProgram("scripts/count-tokens.ts", [file], env);
  expect(stdout).toBe(
    [
      "2 chunks; tokens: median 4, nine of ten up to 4, the longest 302",
      "above 256: 50.0 % of the chunks, 15.0 % of the text stands behind it",
      "above 512: 0.0 % of the chunks, 0.0 % of the text stands behind it",
      "",
    ].join("\n"),
  );
  expect(code).toBe(0);
});
