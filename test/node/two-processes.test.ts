/** Two services over one folder: what one process commits, both answer from. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askWith } from "../support/app.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { runProgram, startService } from "../support/process.ts";

/** Far more than FRESHNESS_MS, for a machine that is busy with other things. */
const SEEN_WITHIN_MS = 20_000;

async function ask(url: string, question: string): Promise<{ answer: string; version: number }> {
  const response = await fetch(`${url}/v1/ask`, askWith({ question, collections: ["notes"] }));
  const { answer, versions } = (await response.json()) as {
    answer: string;
    versions: Record<string, number>;
  };
  return { answer, version: versions["notes"] ?? 0 };
}

test("a commit of an ingest is seen by both, and neither goes back behind it", async () => {
  await using folder = await makeTempFolder();
  await using documents = await makeTempFolder();
  await ingest({ "tower.md": "# Tower\n\nThe lighthouse tower is forty metres high.\n" });
  await using one = await startService({ DATA_DIR: folder.path });
  await using two = await startService({ DATA_DIR: folder.path });
  const question = "How deep is the lighthouse cellar?";
  const before = await ask(one.url, question);
  expect(before.answer).not.toContain("seventeen");
  expect((await ask(two.url, question)).version).toBe(before.version);

  await ingest({ "cellar.md": "# Cellar\n\nThe lighthouse cellar is seventeen metres deep.\n" });
  for (const { url } of [one, two]) {
    const seen = await until(async () => {
      const found = await ask(url, question);
      return found.answer.includes("seventeen") ? found : undefined;
    });
    expect(seen.version).toBeGreaterThan(before.version);
    expect((await ask(url, question)).version).toBe(seen.version);
  }

  async function ingest(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(documents.path, name), text);
    }
    const args = [documents.path, "--collection", "notes"];
    const { code } = await runProgram("ingest/main.ts", args, { DATA_DIR: folder.path });
    expect(code).toBe(0);
  }
});

test("what was dropped is not answered from when the collection is made again at the same version", async () => {
  await using folder = await makeTempFolder();
  await using documents = await makeTempFolder();
  const run = async (...args: string[]): Promise<void> => {
    const { code } = await runProgram("ingest/main.ts", args, { DATA_DIR: folder.path });
    expect(code).toBe(0);
  };
  const make = async (text: string): Promise<void> => {
    await writeFile(join(documents.path, "cellar.md"), `# Cellar\n\n${text}\n`);
    await run(documents.path, "--collection", "notes");
  };
  await make("The lighthouse cellar is nine metres deep.");
  await using service = await startService({
    DATA_DIR: folder.path,
    ANSWER_CACHE_RUNS_MAX: "10",
    FRESHNESS_MS: "1",
  });
  const question = "How deep is the lighthouse cellar?";
  const before = await ask(service.url, question);
  expect((await ask(service.url, question)).answer).toContain("nine");
  await run("drop", "notes", "--yes");
  await make("The lighthouse cellar is seventeen metres deep.");
  const after = await ask(service.url, question);
  expect(after.version).toBe(before.version);
  expect(after.answer).toContain("seventeen");
  expect(after.answer).not.toContain("nine");
});

async function until<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (const untilMs = Date.now() + SEEN_WITHIN_MS; ;) {
    const found = await attempt();
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error("the commit was not seen");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
