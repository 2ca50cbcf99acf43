/**
 * Limits to another process. To its processor time and not to the time on the wall: on a busy machine it waits its turn,
 * which says nothing of its work. To all of its memory: a limit to the heap of a runtime leaves out what lies beside it.
 */
import { readFileSync } from "node:fs";

/** Of a tick in /proc, whatever the kernel itself counts in. */
const TICK_MS = 10;
/** How many times its limit the work may take on the wall clock. */
const PATIENCE = 4;
/** How often it is looked at: memory is filled with a gigabyte a second or so. */
const LOOK_MS = 100;

export interface ProcessLimits {
  readonly pid: number;
  /** What the process had used when its work began. */
  readonly usedMs: number;
  readonly limitMs: number;
  readonly memoryMebibytesMax: number;
}

/**
 * Calls `onBroken` once when a limit is broken. Where the system does not tell, the wall clock decides, and memory is
 * not limited. Returns how to end it.
 */
export function limitProcess(
  { pid, usedMs, limitMs, memoryMebibytesMax }: ProcessLimits,
  onBroken: (limit: "time" | "memory") => void,
): () => void {
  const startMs = performance.now();
  const check = (): void => {
    const waitedMs = performance.now() - startMs;
    const used = readProcessorMs(pid);
    const leftMs =
      used === undefined
        ? limitMs - waitedMs
        : Math.min(limitMs - used + usedMs, limitMs * PATIENCE - waitedMs);
    if (readMemoryMebibytes(pid) > memoryMebibytesMax) onBroken("memory");
    else if (leftMs <= 0) onBroken("time");
    else timer = setTimeout(check, Math.min(leftMs, LOOK_MS));
  };
  let timer = setTimeout(check, Math.min(limitMs, LOOK_MS));
  return () => clearTimeout(timer);
}

/** Of all threads. See proc_pid_stat(5). */
function readProcessorMs(pid: number): number | undefined {
  const stat = read(pid, "stat");
  if (stat === undefined) return undefined;
  // Behind the name, which may hold anything, come the third field and those after it; the times are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** What of it is in memory now. See proc_pid_status(5). */
function readMemoryMebibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, "status") ?? "") ?? [];
  return Number(kibibytes ?? 0) / 1024;
}

function read(pid: number, file: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return undefined; // it is gone, which its exit tells
  }
}
