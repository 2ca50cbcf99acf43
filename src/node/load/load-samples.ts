/** Fills an empty store with the sample collections, by the same command a user would type. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isFolder } from "../files/is-folder.ts";

const PROJECT = new URL("../../../", import.meta.url);
const SAMPLES = ["handbook", "guide", "faq"] as const;

/** Lies in the store's folder as long as they are being loaded, however that ends. */
const MARK = "samples.loading";

/** Whether a load of them was cut short: what is in the store is not all of them. */
export function isLoadUnfinished(dataDir: string): boolean {
  return isFolder(dataDir) && existsSync(join(dataDir, MARK));
}

/**
 * Ingests one after the other into `dataDir`, with the command's own progress; the names that failed. Ends early when
 * the signal aborts.
 */
export async function loadSamples(
  dataDir: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const mark = isFolder(dataDir) ? join(dataDir, MARK) : undefined;
  if (mark !== undefined) await writeFile(mark, "");
  const failed: string[] = [];
  for (const name of SAMPLES) {
    const folder = fileURLToPath(new URL(`data/${name}`, PROJECT));
    if (!existsSync(folder)) continue;
    const isLoaded = !signal.aborted && (await ingest(folder, name, signal));
    if (!isLoaded && signal.aborted) return failed;
    if (!isLoaded) failed.push(name);
  }
  if (mark !== undefined) await rm(mark, { force: true });
  return failed;
}

async function ingest(folder: string, collection: string, signal: AbortSignal): Promise<boolean> {
  const command = fileURLToPath(new URL("ingest/main.ts", PROJECT));
  const child = spawn(process.execPath, [command, folder, "--collection", collection], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Waited for even then: a commit under way is finished before it ends.
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const ended: unknown[] = await once(child, "exit");
    return ended[0] === 0;
  } catch {
    return false; // it could not be started
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
