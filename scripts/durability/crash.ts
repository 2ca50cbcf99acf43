/** Ingest that is killed at random times, and machines that lose their power. */
import { spawnSync } from "node:child_process";
import { readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { listFiles } from "../../src/node/durable/files.ts";
import {
  NEVER,
  type Figure,
  inFolder,
  lastAcknowledged,
  openStore,
  readAll,
  say,
  start,
} from "./measure.ts";

/** A store that has grown makes each cycle slower and none different. */
const CYCLES_EACH = 40;
const KILL_WITHIN_MS = 500;

export interface Losses {
  lost: number;
  doubled: number;
  unopened: number;
  acknowledged: number;
}

export const nothing = (): Losses => ({ lost: 0, doubled: 0, unopened: 0, acknowledged: 0 });

/** kill -9 at random times; the next run goes on where the last one was stopped. */
export async function measureKills(cycles: number): Promise<readonly Figure[]> {
  const losses = nothing();
  for (let done = 0; done < cycles; done += CYCLES_EACH) {
    await inFolder(async (folder) => {
      let acknowledged = 0;
      for (let cycle = 0; cycle < Math.min(CYCLES_EACH, cycles - done); cycle += 1) {
        const child = start("write-child.ts", [folder, String(acknowledged)]);
        while (!child.output().includes("READY")) await pause(5);
        await pause(Math.random() * KILL_WITHIN_MS);
        child.kill();
        await child.exit;
        acknowledged = lastAcknowledged(child.output(), acknowledged);
        await look(folder, acknowledged, losses);
      }
      losses.acknowledged += acknowledged;
    });
    say(`kill -9: ${Math.min(done + CYCLES_EACH, cycles)} of ${cycles}`);
  }
  return [toFigure(`${cycles} kills -9 at random times during ingest`, losses)];
}

/** A store in which anything may have happened can be written again. */
export async function goOn(folder: string, acknowledged: number, losses: Losses): Promise<void> {
  const child = start("write-child.ts", [folder, String(acknowledged), "1"]);
  if ((await child.exit) === 0) return look(folder, acknowledged + 10, losses);
  say(child.output().slice(-600));
  losses.unopened += 1;
}

export async function look(folder: string, acknowledged: number, losses: Losses): Promise<void> {
  try {
    const store = await openStore(folder);
    const names = await store.list(NEVER);
    if (names.length === 0 && acknowledged === 0) return;
    const { documents } = await readAll(store);
    for (let at = 0; at < acknowledged; at += 1) if (!documents.has(`d${at}`)) losses.lost += 1;
  } catch (thrown) {
    const text = String(thrown);
    say(text.slice(0, 300));
    if (/twice/.test(text)) losses.doubled += 1;
    else losses.unopened += 1;
  }
}

export function toFigure(what: string, { lost, doubled, unopened, acknowledged }: Losses): Figure {
  return {
    what: `${what} (${acknowledged} documents acknowledged)`,
    figure: `${lost} lost, ${doubled} doubled, ${unopened} not opened`,
    goal: "0, 0, 0",
    ok: lost + doubled + unopened === 0 && acknowledged > 0,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function measurePowerLosses(cycles: number): Promise<readonly Figure[]> {
  if (spawnSync("strace", ["-V"]).error !== undefined) {
    say("SKIPPED: a simulated loss of power needs strace (Debian: apt-get install strace)");
    return [];
  }
  const losses = nothing();
  let [slowestMs, cut] = [0, 0];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await inFolder(async (folder) => {
      const trace = `${folder}.trace`;
      const before = ["strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=fsync,fdatasync"];
      const child = start("write-child.ts", [folder, "0"], { before });
      while (!child.output().includes("ACK")) await pause(5);
      await pause(Math.random() * 3 * KILL_WITHIN_MS);
      child.kill();
      await child.exit;
      cut += await cutUnsynced(folder, trace);
      await rm(trace);
      const acknowledged = lastAcknowledged(child.output(), 0);
      losses.acknowledged += acknowledged;
      const startMs = performance.now();
      await look(folder, acknowledged, losses);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await goOn(folder, acknowledged, losses);
    });
  }
  return [
    toFigure(`${cycles} losses of power, ${cut} files cut to nothing`, losses),
    {
      what: "slowest repair after one, with reading everything",
      figure: `${Math.round(slowestMs)} ms`,
      goal: "≤ 5000 ms",
      ok: slowestMs <= 5_000,
    },
  ];
}

/** What no sync named is what a disk may have lost. */
async function cutUnsynced(folder: string, trace: string): Promise<number> {
  const synced = readSynced(await readFile(trace, "utf8"));
  let cut = 0;
  for (const name of await listFiles(folder)) {
    if (synced.has(join(folder, name))) continue;
    await truncate(join(folder, name), 0);
    cut += 1;
  }
  return cut;
}

/** Paths of the syncs that returned. Calls of several threads are told in two lines. */
function readSynced(text: string): ReadonlySet<string> {
  const synced = new Set<string>();
  const begun = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, thread = "", path, end = ""] =
      /^(\d+)\s+f(?:data)?sync\(\d+<([^>]+)>(.*)$/.exec(line) ?? [];
    if (path !== undefined && /=\s+0$/.test(end)) synced.add(path);
    else if (path !== undefined) begun.set(thread, path);
    const [, resumed = ""] = /^(\d+)\s+<\.\.\. f(?:data)?sync resumed>.*=\s+0$/.exec(line) ?? [];
    const ended = begun.get(resumed);
    if (ended !== undefined) synced.add(ended);
  }
  return synced;
}
