/** Asks the probe inside a service under measurement (`heap-probe.ts`) what the service holds. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Program } from "../bench-program.ts";
import type { HeapSample } from "./heap-probe.ts";

/** What a program is started with, so that it has a probe which writes to this file. */
export function toProbeEnv(file: string): Readonly<Record<string, string>> {
  const probe = fileURLToPath(new URL("heap-probe.ts", import.meta.url));
  return {
    HEAP_PROBE_FILE: file,
    NODE_OPTIONS: `--expose-gc --import ${probe}`,
  };
}

export type TakeSample = () => Promise<HeapSample>;

/** Each call collects the program's garbage and gives what is left. */
export function createSampler({ pid }: Program, file: string): TakeSample {
  let taken = 0;
  return async () => {
    process.kill(pid, "SIGUSR2");
    for (let turn = 0; turn < 1_200; turn += 1) {
      const text = await readFile(file, "utf8").catch(() => ""); // not there before the first line
      const line = text.split("\n").slice(0, -1)[taken];
      if (line !== undefined) {
        taken += 1;
        return JSON.parse(line) as HeapSample;
      }
      await sleep(50);
    }
    throw new Error("the service's probe does not answer");
  };
}
