/** The end of programs whose disk hangs: a named pipe in which nobody writes is a file that is never read. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../../support/local-store.ts";
import { startProgram, startService } from "../../support/process.ts";

const RUN_ID = "0d5f0d0e-0000-4000-8000-000000000000";

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeLocalStore();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A pipe in the place of a file. */
function makePipe(file: string) {
  execFileSync("mkfifo", [file]);
  return {
    /** Waits until someone reads it, who will wait for ever. */
    async held(): Promise<Disposable> {
      for (;;) {
        try {
          const pipe = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
          return { [Symbol.dispose]: () => closeSync(pipe) };
        } catch (thrown) {
          if ((thrown as NodeJS.ErrnoException).code !== "ENXIO") throw thrown;
          await delay(20);
        }
      }
    },
  };
}

/** A service that reads the record of a run which never comes. */
async function startHung() {
  const runs = await makeTempFolder();
  const env = { DATA_DIR: folder.path, RUN_JOURNAL_DIR: runs.path, DRAIN_GRACE_MS: "1000" };
  const server = await startService(env);
  const pipe = makePipe(join(runs.path, `${RUN_ID}.run.json`));
  const asking = fetch(`${server.url}/v1/runs/${RUN_ID}`).catch(() => "cut");
  const held = await pipe.held();
  return {
    server,
    asking,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      held[Symbol.dispose]();
      await runs[Symbol.asyncDispose]();
    },
  };
}

describe("where a disk hangs", { timeout: 40_000 }, () => {
  test("a service that has drained ends all the same, as one that has done its work", async () => {
    await using hung = await startHung();
    hung.server.kill("SIGTERM");
    expect(await hung.server.exit).toBe(0);
    expect(hung.server.stderr()).toContain("drained");
    expect(await hung.asking).toBe("cut");
  });

  test("a second signal ends it now", async () => {
    await using hung = await startHung();
    hung.server.kill("SIGTERM");
    await hung.server.printed("draining");
    hung.server.kill("SIGTERM");
    expect(await hung.server.exit).toBe(1);
  });

  test("a service that waits for it before it serves ends when its grace is over", async () => {
    await using keys = await makeTempFolder();
    const file = join(keys.path, "keys.json");
    const pipe = makePipe(file);
    const env = { DATA_DIR: folder.path, API_KEYS_FILE: file, DRAIN_GRACE_MS: "300", PORT: "0" };
    await using server = startProgram("src/node/main.ts", [], env);
    using _held = await pipe.held();
    server.kill("SIGTERM");
    expect(await server.exit).toBe(0);
  });

  test("an ingest that is told twice ends as one that was interrupted", async () => {
    await using store = await makeTempFolder();
    const pipe = makePipe(join(store.path, "notes.lock"));
    const args = ["README.md", "--collection", "notes"];
    await using program = startProgram("ingest/main.ts", args, { DATA_DIR: store.path });
    using _held = await pipe.held();
    program.kill("SIGINT");
    await program.printed("stopping");
    program.kill("SIGINT");
    expect(await program.exit).toBe(130);
  });

  test("an interrupted question ends at once", async () => {
    await using store = await makeLocalStore();
    const pipe = makePipe(join(store.path, "guide.pointer"));
    await using program = startProgram("src/node/ask.ts", ["Why?"], { DATA_DIR: store.path });
    using _held = await pipe.held();
    program.kill("SIGINT");
    expect(await program.exit).toBe(130);
  });
});
