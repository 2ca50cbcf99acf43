/** A collection written to a file and brought in again, by the command, on real tables. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EXIT_CODES } from "../../../ingest/commands/exit-codes.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { openExport } from "../../../src/node/lance/export-documents.ts";
import { createStore } from "../../../src/node/wire.ts";
import type { DocumentWrite } from "../../../src/stores/store.ts";
import { makeTempFolder, type TempFolder } from "../../support/local-store.ts";
import { runProgram, startProgram } from "../../support/process.ts";

const COMMAND = "ingest/main.ts";
const signal = new AbortController().signal;
/** Nothing answers there: whoever embeds, fails. */
const DEAD = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", EMBEDDING_MODEL: "any" };

let prepared: TempFolder;
let folder: TempFolder;
let docs: string;
let file: string;

const toEnv = (store: string) => ({ DATA_DIR: join(folder.path, store) });
const run = (args: readonly string[], store = "store") => runProgram(COMMAND, args, toEnv(store));

/** The documents, their collection in `store`, and its export. */
beforeAll(async () => {
  prepared = await makeTempFolder();
  const source = join(prepared.path, "docs");
  await mkdir(source);
  const queues = "---\nyear: 2024\n---\n# Queues\n\nA queue refuses work.\n";
  await writeFile(join(source, "queues.md"), queues);
  await writeFile(join(source, "no words.txt"), "§ ¶ ‡\n");
  const rows = Array.from({ length: 1_500 }, (_, row) => `${row},"Text ""${row}"" of\nnumbers."`);
  await writeFile(join(source, "rows.csv"), `id,text\n${rows.join("\n")}\n`);
  const env = { DATA_DIR: join(prepared.path, "store") };
  const args = [source, "--collection", "notes", "--metadata", "year:number"];
  await runProgram(COMMAND, args, env);
  await runProgram(COMMAND, ["export", "notes", join(prepared.path, "notes.jsonl")], env);
});
afterAll(() => prepared[Symbol.asyncDispose]());

beforeEach(async () => {
  folder = await makeTempFolder();
  await cp(prepared.path, folder.path, { recursive: true });
  docs = join(folder.path, "docs");
  file = join(folder.path, "notes.jsonl");
});
afterEach(() => folder[Symbol.asyncDispose]());

async function readAll(store: string, collection: string): Promise<readonly DocumentWrite[]> {
  const config = parseConfig(toEnv(store));
  const options = { uri: config.dataDir, config, clock: systemClock };
  const all: DocumentWrite[] = [];
  for await (const document of (await openExport(options, collection)).documents())
    all.push(document);
  return all.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

const read = async (path: string): Promise<string> => readFile(path, "utf8");

describe("pnpm ingest export and import", () => {
  test("everything comes back, and nothing is embedded for it", async () => {
    const env = { ...toEnv("other"), ...DEAD };
    const imported = await runProgram(COMMAND, ["import", file], env);
    expect(imported).toMatchObject({ code: EXIT_CODES.ok });
    expect(imported.stdout).toContain("notes: documents 1,502 added, 0 changed, 0 unchanged");
    expect(await readAll("other", "notes")).toEqual(await readAll("store", "notes"));
    const info = async (store: string) => {
      const opened = await (await createStore(parseConfig(toEnv(store)))).open("notes", signal);
      return { ...opened.info, version: 0 };
    };
    expect(await info("other")).toEqual(await info("store"));
    expect(await run(["verify", "notes"], "other")).toMatchObject({ code: EXIT_CODES.ok });
    expect((await run(["doctor", "notes"], "other")).stdout).toBe("notes: sound\n");
    // The folder's own ingest finds all of it as it left it.
    const again = await run([docs, "--collection", "notes"], "other");
    expect(again.stdout).toContain("documents 0 added, 1,502 unchanged");
  });

  test("with --json, under another name, and again without any work", async () => {
    const exported = await run(["export", "notes", file, "--json"]);
    const lines = exported.stdout.trim().split("\n");
    const { size: bytes } = await stat(file);
    expect(JSON.parse(lines[0]!)).toMatchObject({ type: "progress", chunks: 1_502 });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: "export", documents: 1_502, bytes });
    for (const [added, unchanged] of [
      [1_502, 0],
      [0, 1_502],
    ]) {
      const { stdout } = await run(["import", file, "copy", "--json"]);
      const report = JSON.parse(stdout.trim().split("\n").at(-1)!) as unknown;
      expect(report).toMatchObject({ type: "import", collection: "copy", added, unchanged });
    }
  });

  test("documents that are there and differ are replaced, and others stay", async () => {
    await writeFile(join(docs, "queues.md"), "# Queues\n\nA queue is a line.\n");
    await writeFile(join(docs, "new.md"), "# New\n\nNot in the file.\n");
    await run([docs, "--collection", "notes"]);
    const { stdout } = await run(["import", file]);
    expect(stdout).toContain("documents 0 added, 1 changed, 1,501 unchanged");
    expect(stdout).toContain("1 that are not in the file stay");
    const texts = (await readAll("store", "notes")).map(({ chunks }) => chunks[0]!.chunk.text);
    expect(texts.join("\n")).toContain("A queue refuses work.");
    expect(texts.join("\n")).toContain("Not in the file.");
  });

  test("what a link leads to is written, and the link stays", async () => {
    const link = join(folder.path, "latest.jsonl");
    await symlink(file, link);
    const before = await stat(file);
    expect(await run(["export", "notes", link])).toMatchObject({ code: EXIT_CODES.ok });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(file)).ino).not.toBe(before.ino);
  });

  test("an import that was killed goes on from there", async () => {
    const killed = startProgram(COMMAND, ["import", file, "--json"], toEnv("other"));
    await killed.printed('"progress"'); // it has begun, and commits next
    killed.kill("SIGKILL");
    await killed.exit;
    expect(await run(["import", file], "other")).toMatchObject({ code: EXIT_CODES.ok });
    expect(await readAll("other", "notes")).toEqual(await readAll("store", "notes"));
  });

  test("an import that is interrupted while its indexes are made says so, and goes on from there", async () => {
    const stopped = startProgram(COMMAND, ["import", file], toEnv("other"));
    await stopped.printed("notes: compact");
    stopped.kill("SIGINT");
    expect(await stopped.exit).toBe(EXIT_CODES.interrupted);
    expect(stopped.stderr()).toContain("interrupted; what was committed stays");
    expect(await run(["import", file], "other")).toMatchObject({ code: EXIT_CODES.ok });
    expect((await run(["verify"], "other")).stdout).toContain("notes: sound");
  });
});

describe("is refused and leaves everything as it was", () => {
  test.each([
    ["cut", async () => truncate(file, 10_000), "was cut short"],
    [
      "changed",
      async () => writeFile(file, (await read(file)).replace("A queue refuses", "A queue accepts")),
      "is not what was exported",
    ],
    [
      "joined with another",
      async () => writeFile(file, (await read(file)) + (await read(file))),
      "is not what was exported",
    ],
  ])("a file that was %s", async (_, spoil, detail) => {
    await spoil();
    const imported = await run(["import", file, "copy"]);
    expect(imported).toMatchObject({ code: EXIT_CODES.store });
    expect(imported.stderr).toContain(detail);
    expect((await run(["list"])).stdout).not.toContain("copy");
  });

  /** The lines as another program would write them: with a checksum that is right. */
  const rewrite = async (edit: (lines: readonly string[]) => readonly string[]): Promise<void> => {
    const lines = (await read(file)).trimEnd().split("\n");
    const body = edit(lines.slice(0, -1)).map((line) => `${line}\n`);
    const sha256 = createHash("sha256").update(body.join("")).digest("hex");
    const end = { ...(JSON.parse(lines.at(-1)!) as object), sha256 };
    await writeFile(file, `${body.join("")}${JSON.stringify(end)}\n`);
  };

  test("a file with more documents than it says", async () => {
    await rewrite((lines) => [...lines, lines[1]!.replaceAll('"queues.md', '"other.md')]);
    const imported = await run(["import", file, "copy"]);
    expect(imported).toMatchObject({ code: EXIT_CODES.store });
    expect(imported.stderr).toContain("is not what was exported");
  });

  test("a line that is no document, which is named by its number in the file", async () => {
    await rewrite((lines) => lines.map((line, at) => (at === 1 ? '{"id":"a"}' : line)));
    const imported = await run(["import", file, "copy"]);
    expect(imported).toMatchObject({ code: EXIT_CODES.usage });
    expect(imported.stderr).toContain("line 2 of the file: title");
  });

  test.each([
    ["of another length", [1, 0]],
    ["with NaN", Array.from({ length: 256 }, (_, at) => (at === 0 ? Number.NaN : 1))],
    ["of zeros", Array.from({ length: 256 }, () => 0)],
  ])("a vector %s, by the line that has it", async (_, values) => {
    const vector = Buffer.from(Float32Array.from(values).buffer).toString("base64");
    await rewrite((lines) =>
      lines.map((line, at) =>
        at === 2 ? line.replace(/"vector":"[^"]*"/, `"vector":"${vector}"`) : line,
      ),
    );
    const imported = await run(["import", file, "copy"]);
    expect(imported).toMatchObject({ code: EXIT_CODES.usage });
    expect(imported.stderr).toMatch(/line 3 of the file: chunk .* has a vector .* 256 finite/);
    expect((await run(["list"])).stdout).not.toContain("copy");
  });

  test("what is no export, is of a later program, or is not there", async () => {
    await writeFile(file, '{"text":"a record of its own"}\n');
    expect((await run(["import", file])).stderr).toContain("is no export of a collection");
    const exported = await run(["export", "notes", file]);
    expect(exported).toMatchObject({ code: EXIT_CODES.usage });
    expect(await read(file)).toContain("a record of its own");
    await writeFile(file, '{"tributary":"collection","format":2}\n');
    expect((await run(["import", file])).stderr).toContain("by a newer version");
    await rm(file);
    expect(await run(["import", file])).toMatchObject({ code: EXIT_CODES.noInput });
    expect(await run(["export", "none", file])).toMatchObject({ code: EXIT_CODES.noInput });
    const nowhere = join(folder.path, "nowhere", "notes.jsonl");
    expect(await run(["export", "notes", nowhere])).toMatchObject({ code: EXIT_CODES.noInput });
  });

  test("a collection that was built with something else", async () => {
    await rm(join(docs, "rows.csv"));
    await run([docs, "--collection", "copy", "--language", "german"]);
    const imported = await run(["import", file, "copy"]);
    expect(imported).toMatchObject({ code: EXIT_CODES.mismatch });
    expect(imported.stderr).toContain("collection copy has the language german, the file english");
  });

  test("an export on a full disk, and nothing of it is left", async () => {
    const before = await read(file);
    // No file may grow beyond 200 blocks: to the program that is a disk without room.
    const limited = ["-c", 'ulimit -f 200; exec "$0" "$@"', process.execPath, COMMAND];
    const env = { PATH: process.env["PATH"], ...toEnv("store") };
    const { status, stderr } = spawnSync("sh", [...limited, "export", "notes", file], { env });
    expect(status).toBe(EXIT_CODES.diskFull);
    expect(stderr.toString()).toContain("there is no room for");
    expect(await read(file)).toBe(before);
    expect(await readdir(folder.path)).toEqual(["docs", "notes.jsonl", "store"]);
  });

  test("what a killed export left is gone after the next one, and nothing else", async () => {
    const old = new Date(Date.now() - 3_600_000);
    const parts = [
      "notes.jsonl.0123abcd.part",
      "notes.jsonl.89abcdef.part",
      "notes.jsonl.mine.part",
      "other.jsonl.0123abcd.part",
    ];
    for (const part of parts) {
      await writeFile(join(folder.path, part), "half");
      if (part !== "notes.jsonl.89abcdef.part") await utimes(join(folder.path, part), old, old);
    }
    expect(await run(["export", "notes", file])).toMatchObject({ code: EXIT_CODES.ok });
    const left = (await readdir(folder.path)).filter((name) => name.endsWith(".part"));
    expect(left).toEqual(parts.slice(1));
  });
});

test("an exported file among the documents of a folder is named, not cut into chunks", async () => {
  await rename(file, join(docs, "notes.jsonl"));
  const { code, stderr } = await run([docs, "--collection", "notes"]);
  expect(code).toBe(EXIT_CODES.partly);
  expect(stderr).toContain("notes.jsonl: is an exported collection");
});
