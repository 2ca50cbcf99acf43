/** Fills an empty store with the sample collections, by the same command a user would type. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROJECT = new URL("../../", import.meta.url);
const SAMPLES = ["handbook", "guide", "faq"] as const;

/** Ingests one after the other, with the command's own progress; the names that failed. Ends early when the signal aborts. */
export async function loadSamples(signal: AbortSignal): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const name of SAMPLES) {
    const folder = fileURLToPath(new URL(`data/${name}`, PROJECT));
    if (!existsSync(folder)) continue;
    if (signal.aborted) break;
    if (!(await ingest(folder, name, signal))) failed.push(name);
  }
  return failed;
}

function ingest(folder: string, collection: string, signal: AbortSignal): Promise<boolean> {
  const command = fileURLToPath(new URL("ingest/main.ts", PROJECT));
  const child = spawn(process.execPath, [command, folder, "--collection", collection], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Waited for even then: a commit under way is finished before it ends.
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  return new Promise((resolve) => {
    const end = (loaded: boolean): void => {
      signal.removeEventListener("abort", stop);
      resolve(loaded);
    };
    child.once("error", () => end(false));
    child.once("exit", (code) => end(code === 0));
  });
}
