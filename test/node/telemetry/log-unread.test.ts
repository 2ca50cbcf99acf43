import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { askWith } from "../../support/app.ts";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../../support/local-store.ts";

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeLocalStore();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Where every write finds the disk full. */
const FULL = "/dev/full";

test.each(["a reader that has left", ...(existsSync(FULL) ? ["a full disk"] : [])])(
  "a log that cannot be written, for %s, ends neither answers nor the service",
  async (why) => {
    const full = why === "a full disk" ? openSync(FULL, "w") : undefined;
    const child = spawn(process.execPath, ["src/node/main.ts"], {
      env: { PATH: process.env["PATH"] ?? "", PORT: "0", DATA_DIR: folder.path },
      stdio: ["ignore", "pipe", full ?? "pipe"],
    });
    if (full !== undefined) closeSync(full);
    try {
      const ended = once(child, "exit");
      let banner = "";
      for await (const piece of child.stdout ?? []) {
        banner += String(piece);
        if (banner.includes("pnpm ask")) break; // leaves, and with it the reader of this stream
      }
      child.stderr?.destroy();
      const url = /http:\/\/\S+:\d+/.exec(banner)?.[0] ?? "";
      // Each run is a line; the first one finds out.
      for (const word of ["jitter", "backoff", "budgets"]) {
        const question = `Why do retries use ${word}?`;
        const response = await fetch(`${url}/v1/ask`, askWith({ question }));
        expect(await response.json()).toMatchObject({ outcome: "finished" });
      }
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

/** Calls it until the pipe takes or gives no more for now. */
function untilBlocked(work: () => void): void {
  try {
    for (;;) work();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EAGAIN") throw thrown;
  }
}

test("a reader who is behind still gets the last lines of a service that ends", async () => {
  await using pipes = await makeTempFolder();
  const name = join(pipes.path, "log");
  execFileSync("mkfifo", [name]);
  // Two, because whether one of them waits is decided by the service too.
  const reading = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = openSync(name, constants.O_WRONLY | constants.O_NONBLOCK);
  untilBlocked(() => writeSync(pipe, "."));
  const child = spawn(process.execPath, ["src/node/main.ts"], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", DATA_DIR: folder.path },
    stdio: ["ignore", "pipe", pipe],
  });
  closeSync(pipe);
  try {
    const ended = once(child, "exit");
    let banner = "";
    child.stdout?.on("data", (piece) => (banner += String(piece)));
    await vi.waitUntil(() => banner.includes("pnpm ask"), 20_000);
    const url = /http:\/\/\S+:\d+/.exec(banner)?.[0] ?? "";
    child.kill("SIGTERM");
    // Nobody answers any more: it has drained.
    while (await fetch(`${url}/livez`).catch(() => undefined)) await delay(5);
    const bytes = new Uint8Array(2 ** 16);
    let text = "";
    const read = (): void =>
      untilBlocked(() => {
        const length = readSync(reading, bytes);
        if (length === 0) throw Object.assign(new Error("nobody writes"), { code: "EAGAIN" });
        text += new TextDecoder().decode(bytes.subarray(0, length));
      });
    for (; child.exitCode === null; await delay(5)) read();
    read();
    expect(await ended).toEqual([0, null]);
    expect(text).toContain('"event":"drained"');
  } finally {
    child.kill("SIGKILL");
    closeSync(reading);
  }
});
