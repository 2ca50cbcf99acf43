/** The command as a child process: what it prints, what it leaves, how it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EXIT_CODES } from "../../../ingest/commands/exit-codes.ts";
import type { Reply } from "../../../scripts/chaos/reply.ts";
import { startUpstream } from "../../../scripts/chaos/upstream.ts";
import { parseConfig } from "../../../src/config.ts";
import { createStore } from "../../../src/node/wire.ts";
import { makeTempFolder, type TempFolder } from "../../support/local-store.ts";
import { runProgram, startProgram } from "../../support/process.ts";

const COMMAND = "ingest/main.ts";
const signal = new AbortController().signal;
let folder: TempFolder;
let docs: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  folder = await makeTempFolder();
  docs = join(folder.path, "docs");
  env = { DATA_DIR: join(folder.path, "store") };
  await mkdir(docs);
  await writeFile(join(docs, "retries.md"), "# Retries\n\nWait a little longer each time.\n");
  await writeFile(join(docs, "queues.md"), "# Queues\n\nA bounded queue refuses work.\n");
});
afterEach(() => folder[Symbol.asyncDispose]());

const ingest = (...args: readonly string[]) => runProgram(COMMAND, args, env);
const ingestDocs = (...args: readonly string[]) => ingest(docs, "--collection", "notes", ...args);
const readLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("pnpm ingest <paths>", () => {
  test("ingests, shows, lists, verifies, optimizes and drops, for people", async () => {
    const first = await ingestDocs();
    expect(first).toMatchObject({ code: EXIT_CODES.ok });
    expect(first.stdout).toContain("notes: documents 2 added");
    expect((await ingest("list")).stdout).toMatch(/^notes {2}2 documents, 2 chunks, static:/);
    expect((await ingest("show", "notes")).stdout).toContain("documents  2");
    expect(await ingest("verify")).toMatchObject({ code: EXIT_CODES.ok, stdout: "notes: sound\n" });
    expect((await ingest("optimize", "notes")).stdout).toContain("notes: optimized");
    const unconfirmed = await ingest("drop", "notes");
    expect(unconfirmed).toMatchObject({ code: EXIT_CODES.usage });
    expect(unconfirmed.stderr).toContain("--yes");
    expect(await ingest("drop", "notes", "--yes")).toMatchObject({ code: EXIT_CODES.ok });
    expect((await ingest("list")).stdout).toContain("no collections");
  });

  test("every line with --json is JSON, the last one is the report", async () => {
    const { code, stdout, stderr } = await ingestDocs("--json");
    expect({ code, stderr }).toEqual({ code: EXIT_CODES.ok, stderr: "" });
    const lines = readLines(stdout);
    expect(lines.slice(0, -1).every(({ type }) => type === "progress")).toBe(true);
    expect(lines.at(-1)).toMatchObject({
      type: "report",
      outcome: "finished",
      added: 2,
      documents: 2,
      chunks: 2,
    });
    const [info] = readLines((await ingest("show", "notes", "--json")).stdout);
    expect(info).toMatchObject({ name: "notes", documents: 2, chunks: 2, chunker: "tree2-1200" });
    expect(readLines((await ingest("list", "--json")).stdout)).toMatchObject([
      { collections: [{ name: "notes", documents: 2 }] },
    ]);
    expect(readLines((await ingest("verify", "--json")).stdout)).toEqual([
      { collections: [{ collection: "notes", faults: [] }] },
    ]);
    expect(readLines((await ingest("drop", "notes", "--yes", "--json")).stdout)).toEqual([
      { collection: "notes", dropped: true },
    ]);
  });

  test("an edit of the same length and time is seen; what is gone is removed when asked", async () => {
    await ingestDocs();
    const file = join(docs, "queues.md");
    const time = new Date("2026-01-01");
    await utimes(file, time, time);
    await ingestDocs();
    await writeFile(file, "# Queues\n\nA bounded queue refuses wine.\n");
    await utimes(file, time, time);
    await rm(join(docs, "retries.md"));
    const dry = await ingestDocs("--dry-run", "--delete-missing");
    expect(dry.stdout).toContain("documents 0 added, 1 changed, 1 removed (dry run");
    expect(dry.stdout).toMatch(/about \d+ tokens to embed/);
    const changed = await ingestDocs();
    expect(changed.stdout).toContain("documents 0 added, 1 changed");
    expect(changed.stdout).toContain("1 stored document was not found; --delete-missing");
    const removed = await ingestDocs("--delete-missing");
    expect(removed.stdout).toContain("documents 0 added, 1 unchanged, 1 removed");
  });

  test("what was emptied, to blanks or to no bytes, is no failure and gone when asked", async () => {
    await writeFile(join(docs, "rows.jsonl"), '{"id":"one","text":"One row."}\n');
    await writeFile(join(docs, "no-bytes.md"), "# Nothing\n\nSoon.\n");
    await ingestDocs();
    await writeFile(join(docs, "queues.md"), "\n \n");
    await writeFile(join(docs, "rows.jsonl"), "\n");
    await writeFile(join(docs, "no-bytes.md"), "");
    const kept = await ingestDocs();
    expect(kept.stdout).toContain("3 stored documents were not found");
    const { code, stdout, stderr } = await ingestDocs("--delete-missing");
    expect(code).toBe(EXIT_CODES.ok);
    expect(stderr).toContain("warning: queues.md: holds no text");
    expect(stdout).toContain("holds 1 document in");
  });

  test("a named file only covers itself", async () => {
    await ingestDocs();
    const one = await ingest(join(docs, "queues.md"), "--collection", "notes", "--delete-missing");
    expect(one.stdout).toContain("holds 2 documents");
    const glob = await ingest(join(docs, "q*.md"), "--collection", "notes", "--delete-missing");
    expect(glob.stdout).toContain("holds 2 documents");
  });

  test("a glob covers the folders that it matches", async () => {
    const within = join(docs, "more");
    await mkdir(within);
    await writeFile(join(within, "deep.md"), "A deep note.");
    const all = [join(docs, "*"), "--collection", "notes"];
    expect((await ingest(...all)).stdout).toContain("holds 3 documents");
    await rm(within, { recursive: true });
    expect((await ingest(...all, "--delete-missing")).stdout).toContain("holds 2 documents");
  });

  test("a mistaken path removes nothing", async () => {
    const other = join(docs, "other");
    await mkdir(other);
    await writeFile(join(other, "x.md"), "Another note.");
    for (let at = 0; at < 10; at += 1) await writeFile(join(docs, `n${at}.md`), `Note ${at}.`);
    await ingestDocs();
    const mistaken = [other, "--collection", "notes", "--delete-missing"];
    for (const options of [["--dry-run"], []]) {
      const { code, stderr } = await ingest(...mistaken, ...options);
      expect(code).toBe(EXIT_CODES.noInput);
      expect(stderr).toContain("none of the 13 stored documents is under these paths");
    }
    expect((await ingest("show", "notes")).stdout).toMatch(/documents +13\n/);
    await ingest(other, "--collection", "notes");
    expect((await ingest(...mistaken)).stdout).toContain("holds 1 document in ");
  });

  test("a dry run writes nothing", async () => {
    const { code, stdout } = await ingestDocs("--dry-run", "--json");
    expect(code).toBe(EXIT_CODES.ok);
    expect(readLines(stdout).at(-1)).toMatchObject({
      dryRun: true,
      added: 2,
      chunksAdded: 2,
      chunks: 0,
    });
    expect(await readdir(env["DATA_DIR"] ?? "")).toEqual([]);
  });

  test("a dry run says what embedding costs, without asking for it and without what is paid for", async () => {
    await using server = await startUpstream();
    const remote = {
      ...env,
      OPENAI_BASE_URL: server.url,
      EMBEDDING_MODEL: "any",
      EMBEDDING_USD_PER_MILLION_TOKENS: "1000",
    };
    const run = (...args: readonly string[]) => runProgram(COMMAND, args, remote);
    const dryRun = async () => {
      const { stdout } = await run(docs, "--collection", "notes", "--dry-run", "--json");
      return readLines(stdout).at(-1);
    };
    const before = await dryRun();
    const tokens = Number(before?.["tokens"]);
    expect(tokens).toBeGreaterThan(10);
    expect(before).toMatchObject({ added: 2, costUsd: expect.closeTo(tokens / 1_000) });
    expect(server.requests).toEqual([]);
    const people = await run(docs, "--collection", "notes", "--dry-run");
    expect(people.stdout).toMatch(/about \d+ tokens to embed, 0\.0\d+ USD/);
    expect(await run(docs, "--collection", "notes")).toMatchObject({ code: EXIT_CODES.ok });
    expect(await run("drop", "notes", "--yes")).toMatchObject({ code: EXIT_CODES.ok });
    expect(await dryRun()).toMatchObject({ added: 2, chunksAdded: 2, tokens: 0, costUsd: 0 });
  });

  test("one bad document is reported, the others are stored", async () => {
    await writeFile(
      join(docs, "bad.md"),
      Uint8Array.from({ length: 500 }, (_, at) => at % 7),
    );
    await symlink("/nowhere", join(docs, "link.md"));
    const { code, stdout, stderr } = await ingestDocs();
    expect(code).toBe(EXIT_CODES.partly);
    expect(stdout).toContain("documents 2 added, 1 failed");
    expect(stderr).toContain("error: bad.md");
    expect(stderr).toContain("warning: link.md");
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    const strict = await ingestDocs("--strict");
    expect(strict).toMatchObject({ code: EXIT_CODES.partly });
    expect(strict.stderr).toContain("stopped at the first problem");
  });

  test("metadata and language are set at the making", async () => {
    await writeFile(join(docs, "t.csv"), "name,text,year\nOne,A text.,2024\nTwo,A text.,soon\n");
    const flags = ["--metadata", "year:number", "--language", "none"];
    const { code, stderr } = await ingestDocs(...flags);
    expect(code).toBe(EXIT_CODES.partly);
    expect(stderr).toContain('field year is "soon", the collection declares a number');
    const { stdout } = await ingest("show", "notes");
    expect(stdout).toContain("metadata   year:number");
    expect(stdout).toContain("language   none");
  });
});

test("a reader of the output that leaves is no failure", async () => {
  await ingestDocs();
  const child = spawn(process.execPath, [COMMAND, "list"], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => (said += piece));
  const [code] = (await once(child, "close")) as [number | null];
  expect({ code, said }).toEqual({ code: EXIT_CODES.ok, said: "" });
});

test("--accept-loss is for what is built anew, and harmless elsewhere", async () => {
  expect(await ingestDocs("--accept-loss")).toMatchObject({ code: EXIT_CODES.ok });
  const anew = await ingestDocs("--language", "german", "--accept-loss", "--delete-missing");
  expect(anew).toMatchObject({ code: EXIT_CODES.ok });
  expect(anew.stdout).toContain("built anew");
});

describe("pnpm ingest that cannot begin", () => {
  test.each<[string, readonly string[], number, string]>([
    ["no collection", ["DOCS"], EXIT_CODES.usage, "--collection NAME"],
    ["a missing path", ["/no/where", "--collection", "n"], EXIT_CODES.noInput, "/no/where"],
    ["an unknown collection", ["show", "nowhere"], EXIT_CODES.noInput, "there are: none yet"],
    ["an unknown collection to drop", ["drop", "nowhere"], EXIT_CODES.noInput, "no collection"],
    [
      "an unknown collection to roll back",
      ["rollback", "nowhere"],
      EXIT_CODES.noInput,
      "are: none",
    ],
    ["a command that is none", ["shwo", "notes"], EXIT_CODES.usage, "list, show, drop"],
    [
      "an unknown language",
      ["DOCS", "--collection", "n", "--language", "klingon"],
      EXIT_CODES.usage,
      "klingon",
    ],
  ])("%s: says so and exits with the code for it", async (_name, args, expected, text) => {
    const own = args.map((arg) => (arg === "DOCS" ? docs : arg));
    const [plain, json] = await Promise.all([ingest(...own), ingest(...own, "--json")]);
    const { code, stdout, stderr } = plain;
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect(json).toMatchObject({ code: expected, stderr: "" });
    expect(readLines(json.stdout)).toMatchObject([{ type: "error" }]);
  });

  test.each([[["DOCS", "--collection", "notes"]], [["doctor"]]])(
    "a model without an endpoint is a wrong setting: %j",
    async (args) => {
      await ingestDocs();
      const own = args.map((arg) => (arg === "DOCS" ? docs : arg));
      const wrong = await runProgram(COMMAND, own, { ...env, EMBEDDING_MODEL: "any" });
      expect(wrong).toMatchObject({ code: EXIT_CODES.settings });
      expect(wrong.stderr).toMatch(/^ingest: settings are wrong: EMBEDDING_MODEL names a model/);
    },
  );

  test("a wrong setting, and an endpoint that is not there", async () => {
    const wrong = await runProgram(COMMAND, ["list"], { ...env, PORT: "many" });
    expect(wrong).toMatchObject({ code: EXIT_CODES.settings });
    expect(wrong.stderr).toContain("PORT");
    const remote = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", EMBEDDING_MODEL: "any" };
    const args = [docs, "--collection", "notes"];
    const absent = await runProgram(COMMAND, args, { ...env, ...remote, ATTEMPTS_MAX: "1" });
    expect(absent).toMatchObject({ code: EXIT_CODES.unavailable });
    expect(absent.stderr).not.toMatch(/\bat .*:\d+:\d+/);
    expect((await ingest("list")).stdout).toContain("no collections");
  });

  test("doctor ends with a code for each of what it found, also for a program", async () => {
    expect(await ingest("doctor")).toMatchObject({ code: EXIT_CODES.noInput });
    expect(await readdir(folder.path)).not.toContain("store");
    await ingestDocs();
    expect(await ingest("doctor")).toMatchObject({
      code: EXIT_CODES.ok,
      stdout: "notes: sound\n",
      stderr: expect.stringMatching(
        /^notes: comparing \d+ files …\nnotes: reading \d+ chunks? …\n$/,
      ),
    });
    const place = join(folder.path, "store");
    await writeFile(join(place, "notes.lock"), "{");
    expect(await ingest("doctor")).toMatchObject({ code: EXIT_CODES.partly, stdout: "" });
    const { code, stdout } = await ingest("doctor", "--fix", "--json");
    expect({ code, lines: readLines(stdout) }).toMatchObject({
      code: EXIT_CODES.ok,
      lines: [{ collections: ["notes"], findings: [{ collection: "notes", state: "mended" }] }],
    });
    const holder = { token: "t", pid: 12, host: "elsewhere", startedAt: "" };
    await writeFile(join(place, "notes.lock"), JSON.stringify(holder));
    const unexamined = await ingest("doctor");
    expect(unexamined).toMatchObject({ code: EXIT_CODES.locked, stdout: "" });
    expect(unexamined.stderr).toMatch(/^notes: was not examined: .*process 12 on elsewhere.*\n$/);
  });

  test("files of other kinds are counted by their endings, in one line for people", async () => {
    for (const name of ["a.png", "b.PNG", "sub.vsd", "noending"]) {
      await writeFile(join(docs, name), "something");
    }
    const { code, stderr } = await ingestDocs();
    expect(code).toBe(EXIT_CODES.ok);
    const said = stderr.split("\n").filter((line) => line.startsWith("warning:"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(
      "4 files are of kinds that cannot be read: 2 .png, 1 without an ending, 1 .vsd; Markdown",
    );
    const lines = readLines((await ingestDocs("--json")).stdout);
    expect(lines.filter(({ type }) => type === "problem")).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ unsupported: { "": 1, ".png": 2, ".vsd": 1 } });
  });

  test("a second writer is told to wait", async () => {
    await ingestDocs();
    const store = await createStore(parseConfig(env));
    const writer = await store.openWriter("notes", signal);
    expect(await ingestDocs()).toMatchObject({ code: EXIT_CODES.locked });
    await writer.close();
    expect(await ingestDocs()).toMatchObject({ code: EXIT_CODES.ok });
  });

  test.each([
    ["--help", EXIT_CODES.ok],
    ["--nope", EXIT_CODES.usage],
  ])("%s is answered without a library of the store", async (arg, code) => {
    const withoutNative = { ...env, NODE_OPTIONS: "--no-addons" };
    expect(await runProgram(COMMAND, [arg], withoutNative)).toMatchObject({ code });
  });

  test("--help shows the usage and every exit code", async () => {
    const { code, stdout } = await ingest("--help");
    expect(code).toBe(EXIT_CODES.ok);
    for (const exitCode of Object.values(EXIT_CODES)) expect(stdout).toContain(` ${exitCode} `);
  });
});

test("--watch ingests again when a file changes, and ends cleanly on SIGINT", async () => {
  await using program = startProgram(COMMAND, [docs, "--collection", "notes", "--watch"], env);
  await program.printed("watching");
  await writeFile(join(docs, "new.md"), "# New\n\nA new file.\n");
  await program.printed("documents 1 added, 2 unchanged");
  await writeFile(
    join(docs, "bad.md"),
    Uint8Array.from({ length: 500 }, (_, at) => at % 7),
  );
  await program.printed("error: bad.md");
  await writeFile(join(docs, "bad.md"), "# Good\n\nIt is mended.\n");
  await program.printed("documents 1 added, 3 unchanged");
  program.kill("SIGINT");
  expect(await program.exit).toBe(EXIT_CODES.ok);
});

test("--watch comes to a change in a folder that is never quiet, and to one that met another writer", async () => {
  await using program = startProgram(COMMAND, [docs, "--collection", "notes", "--watch"], env);
  await program.printed("watching");
  const restless = setInterval(
    () => void appendFile(join(docs, "all.log"), "One more line.\n"),
    50,
  );
  try {
    await writeFile(join(docs, "new.md"), "# New\n\nA new file.\n");
    await program.printed("documents 2 added, 2 unchanged");
  } finally {
    clearInterval(restless);
  }
  const store = await createStore(parseConfig(env));
  const writer = await vi.waitFor(() => store.openWriter("notes", signal), 10_000);
  await writeFile(join(docs, "newer.md"), "# Newer\n\nAnother file.\n");
  await program.printed("is being written by process");
  await program.printed("trying again in 10 s, or when a file changes");
  await writer.close();
  await program.printed("documents 1 added");
  program.kill("SIGINT");
  expect(await program.exit).toBe(EXIT_CODES.ok);
});

test("--watch waits for a writer that came before it", async () => {
  await ingestDocs();
  const store = await createStore(parseConfig(env));
  const writer = await store.openWriter("notes", signal);
  await using program = startProgram(COMMAND, [docs, "--collection", "notes", "--watch"], env);
  await program.printed("is being written by process");
  await program.printed("trying again in 10 s, or when a file changes");
  await writer.close();
  await writeFile(join(docs, "new.md"), "# New\n\nA new file.\n");
  await program.printed("documents 1 added, 2 unchanged");
  program.kill("SIGINT");
  expect(await program.exit).toBe(EXIT_CODES.ok);
});

test.each([["SIGINT"], ["SIGHUP", "SIGHUP", "SIGHUP"]] as const)(
  "%s in the middle ends with its code, a hint, and a collection that can be gone on with",
  async (...signals) => {
    const text = "A sentence that is there to be embedded, at some length. ".repeat(200);
    const names = Array.from({ length: 400 }, (_, index) => `long-${index}.md`);
    await Promise.all(names.map((name) => writeFile(join(docs, name), `# ${name}\n\n${text}`)));
    await using program = startProgram(COMMAND, [docs, "--collection", "notes"], env);
    await program.printed("chunks ·");
    for (const name of signals) {
      program.kill(name);
      await program.printed("stopping after the commit in progress");
    }
    expect(await program.exit).toBe(EXIT_CODES.interrupted);
    expect(program.stderr()).toContain("the same command");
    const again = await ingestDocs("--json");
    expect(again.code).toBe(EXIT_CODES.ok);
    expect(readLines(again.stdout).at(-1)).toMatchObject({ documents: 402, outcome: "finished" });
  },
);

test("an endpoint that dies on the way: its exit code, a hint, and nothing is paid for twice", async () => {
  const texts: string[] = [];
  let isDead = false;
  const answer: Reply = (response, { body }) => {
    const input = body["input"] as readonly string[];
    if (isDead) {
      response.writeHead(503).end();
      return;
    }
    texts.push(...input);
    const data = input.map((_, index) => ({ index, embedding: [1, 0] }));
    response.setHeader("content-type", "application/json").end(JSON.stringify({ data }));
    isDead = texts.length > 600;
  };
  await using server = await startUpstream();
  server.script(answer);
  const rows = Array.from({ length: 1_500 }, (_, row) => `${row},Text number ${row}.`);
  await writeFile(join(docs, "rows.csv"), `id,text\n${rows.join("\n")}\n`);
  const remote = {
    ...env,
    OPENAI_BASE_URL: server.url,
    EMBEDDING_MODEL: "any",
    ATTEMPTS_MAX: "1",
    INGEST_PATIENCE_MS: "1",
  };
  const args = [docs, "--collection", "notes"];
  const first = await runProgram(COMMAND, args, remote);
  expect(first).toMatchObject({ code: EXIT_CODES.unavailable });
  expect(first.stderr).toContain("does not answer; trying again");
  expect(first.stderr).toContain("run the same command again to go on");
  server.script((response, request) => {
    isDead = false;
    void answer(response, request);
  });
  expect(await runProgram(COMMAND, args, remote)).toMatchObject({ code: EXIT_CODES.ok });
  const contents = texts.filter((text) => text.includes("Text number"));
  expect(contents).toHaveLength(1_500);
  expect(new Set(contents).size).toBe(1_500);
});
