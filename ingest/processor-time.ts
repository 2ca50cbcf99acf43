/** A limit to the processor time of another process: on a busy machine it waits its turn, which says nothing of its work. */
import { readFileSync } from "node:fs";

/** Of a tick in /proc, whatever the kernel itself counts in. */
const TICK_MS = 10;
/** How many times its limit the work may take on the wall clock. */
const PATIENCE = 4;

export interface ProcessorTimeLimit {
  readonly pid: number;
  /** What the process had used when its work began. */
  readonly usedMs: number;
  readonly limitMs: number;
}

/** Calls `onLate` once when the limit is used up. Where the system does not tell, the wall clock decides. Returns how to end it. */
export function limitProcessorTime(
  { pid, usedMs, limitMs }: ProcessorTimeLimit,
  onLate: () => void,
): () => void {
  const startMs = performance.now();
  const check = (): void => {
    const used = (readProcessorMs(pid) ?? Number.POSITIVE_INFINITY) - usedMs;
    const waitedMs = performance.now() - startMs;
    const leftMs = Math.min(limitMs - used, limitMs * PATIENCE - waitedMs);
    if (leftMs > 0) timer = setTimeout(check, leftMs);
    else onLate();
  };
  // It is seldom used up sooner: only where several threads of a process work at once.
  let timer = setTimeout(check, limitMs);
  return () => clearTimeout(timer);
}

/** Of all threads. See proc_pid_stat(5). */
function readProcessorMs(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name, which may hold anything, come the third field and those after it; the times are the 14th and 15th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined; // it is gone, which its exit tells
  }
}
