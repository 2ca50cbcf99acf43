/** What a kill leaves at every call that makes a file visible or lasting. */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { goOn, look, type Losses, nothing, toFigure } from "./crash.ts";
import { type Child, type Figure, inFolder, lastAcknowledged, say, start } from "./measure.ts";

const CALLS = "rename,renameat,renameat2,link,linkat,fsync,fdatasync";
const BATCHES = "4";
const POLL_MS = 2;

/** The store as it was at one moment, and what had been acknowledged by then. */
interface Moment {
  readonly folder: string;
  readonly acknowledged: number;
}

/**
 * The writer is stopped after each of these calls, whichever of its threads makes it, and its folder is copied: that
 * is what a kill leaves there. Counting calls to kill at the N-th would not do, because strace counts by thread.
 * When the writer is gone, the copies are read and written on; `pointsMax` of them where there are more.
 */
export async function measureCrashPoints(pointsMax: number): Promise<readonly Figure[]> {
  if (spawnSync("strace", ["-V"]).error !== undefined) {
    say("SKIPPED: crash points need strace (Debian: apt-get install strace)");
    return [];
  }
  return inFolder(async (folder) => {
    const trace = join(folder, "trace");
    const moments = await stopAtEveryCall(folder, trace);
    const calls = countCalls(await readFile(trace, "utf8"));
    const losses = nothing();
    const step = Math.max(1, moments.length / pointsMax);
    let points = 0;
    for (let at = 0; at < moments.length; at += step) {
      const moment = moments[Math.floor(at)];
      if (moment === undefined) break;
      await check(moment, losses);
      points += 1;
    }
    const what = `killed at ${points} of ${moments.length} moments, in which ${calls} calls of rename, link and sync were made`;
    return [toFigure(what, losses)];
  });
}

async function check({ folder, acknowledged }: Moment, losses: Losses): Promise<void> {
  losses.acknowledged += acknowledged;
  if (acknowledged > 0) await look(folder, acknowledged, losses);
  await goOn(folder, acknowledged, losses);
}

async function stopAtEveryCall(folder: string, trace: string): Promise<readonly Moment[]> {
  const store = join(folder, "store");
  await mkdir(store);
  const options = ["-e", `trace=${CALLS}`, "-e", `inject=${CALLS}:signal=STOP`];
  const before = ["strace", "-f", "-qq", "-o", trace, ...options];
  const child = start("write-child.ts", [store, "0", BATCHES], { before });
  const state = { hasEnded: false };
  void child.exit.finally(() => (state.hasEnded = true));
  const moments: Moment[] = [];
  try {
    for (;;) {
      const pid = await untilStopped(child, state);
      if (pid === undefined) break;
      const copy = join(folder, `at-${moments.length + 1}`);
      await cp(store, copy, { recursive: true });
      moments.push({ folder: copy, acknowledged: lastAcknowledged(child.output(), 0) });
      process.kill(pid, "SIGCONT");
    }
  } finally {
    child.kill();
  }
  const code = await child.exit;
  if (code !== 0) throw new Error(`the writer ended with ${code}: ${child.output().slice(-400)}`);
  return moments;
}

/** The writer's id as soon as all of its threads stand still; undefined when it has ended. */
async function untilStopped(
  child: Child,
  state: { readonly hasEnded: boolean },
): Promise<number | undefined> {
  let seen = 0;
  while (!state.hasEnded) {
    const pid = await findTraced(child.pid);
    seen = pid !== undefined && (await isStopped(pid)) ? seen + 1 : 0;
    if (seen > 1) return pid;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}

/** The one child of strace. */
async function findTraced(tracer: number): Promise<number | undefined> {
  const path = `/proc/${tracer}/task/${tracer}/children`;
  const text = await readFile(path, "utf8").catch(() => ""); // it has just ended
  const [pid] = text.trim().split(" ");
  return pid === undefined || pid === "" ? undefined : Number(pid);
}

async function isStopped(pid: number): Promise<boolean> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    for (const thread of threads) {
      const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8");
      if (!/\) [tT] /.test(stat)) return false;
    }
    return true;
  } catch {
    return false; // a thread or all of it has just ended
  }
}

function countCalls(trace: string): number {
  const names = CALLS.replaceAll(",", "|");
  return trace.match(new RegExp(`^\\d+\\s+(${names})\\(`, "gm"))?.length ?? 0;
}
