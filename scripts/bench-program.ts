/** Programs under measurement, each in a process of its own, and what they take of the machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Program extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its exit code, when it has ended. */
  readonly exit: Promise<number | null>;
  /** Processor time so far, all threads, user and system. */
  cpuMs(): number;
  /** Most memory it ever held. */
  peakRssMebibytes(): number;
}

/** A tick of /proc is a hundredth of a second. */
const TICK_MS = 10;

/** What `pnpm start` gives Node: the memory and the pace of the service depend on it. */
const SERVICE_FLAGS = readServiceFlags();
/** Programs that are the service, or its HTTP surface. */
const SERVICE_FILES = ["../src/node/main.ts", "serving/stream-server.ts"];

/** None outlives the bench, however that ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function readServiceFlags(): readonly string[] {
  const file = new URL("../package.json", import.meta.url);
  const { scripts } = JSON.parse(readFileSync(file, "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** Starts a program of this project that prints its port, or an address with it; the service as `pnpm start` does. */
export async function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly (string | number)[]
): Promise<Program> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const flags = SERVICE_FILES.includes(file) ? SERVICE_FLAGS : [];
  const child = spawn(process.execPath, [...flags, path, ...args.map(String)], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  running.add(child);
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  void exit.then(() => running.delete(child));
  let port = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    port = Number(/^(\d+)$|127\.0\.0\.1:(\d+)/.exec(line)?.slice(1).find(Boolean) ?? 0);
    if (port > 0) break;
  }
  child.stdout.resume();
  const { pid } = child;
  if (port === 0 || pid === undefined) throw new Error(`${file} ended without naming its port`);
  return {
    port,
    pid,
    child,
    exit,
    cpuMs() {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    peakRssMebibytes() {
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
      return Math.round(Number(peak?.[1] ?? 0) / 1024);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}
