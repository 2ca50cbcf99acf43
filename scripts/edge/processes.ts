/** Processor time of the runtime's processes, which the tools start themselves. */
import { readdirSync, readFileSync } from "node:fs";

/** A tick of /proc is a hundredth of a second. */
const TICK_MS = 10;
const NAME = "workerd";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly cpuMs: number;
  /** Since the machine was started. */
  readonly startTick: number;
}

/**
 * Processor time so far, all threads, user and system, of the runtime below this process that runs the Worker:
 * the one that was started last. The tools have put another one with a proxy of their own in front of it.
 */
export function workerCpuMs(root: number): number {
  const processes = readProcesses();
  const below = new Set([root]);
  // Parents may come after their children in the list.
  for (let grown = true; grown;) {
    const found = processes.filter(({ pid, parent }) => below.has(parent) && !below.has(pid));
    for (const { pid } of found) below.add(pid);
    grown = found.length > 0;
  }
  const runtimes = processes.filter(({ pid, name }) => below.has(pid) && name === NAME);
  return runtimes.toSorted((a, b) => a.startTick - b.startTick).at(-1)?.cpuMs ?? Number.NaN;
}

function readProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    const text = Number.isInteger(pid) ? readStat(pid) : undefined;
    if (text === undefined) return [];
    const end = text.lastIndexOf(")");
    const fields = text.slice(end + 2).split(" ");
    return [
      {
        pid,
        parent: Number(fields[1]),
        name: text.slice(text.indexOf("(") + 1, end),
        cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
        startTick: Number(fields[19]),
      },
    ];
  });
}

/** Undefined: it has ended since it was listed. */
function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}
