import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askWith } from "../../support/app.ts";
import { makeLocalStore, type TempFolder } from "../../support/local-store.ts";

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
