/** Many streams open at the same time: the memory they take, and how late their words come. */
import { setTimeout as sleep } from "node:timers/promises";
import { type OpenStream, openStream, until } from "./client.ts";
import { startProgram } from "../bench-program.ts";
import type { Row } from "../bench-row.ts";
import { toQuantile } from "./programs.ts";

export interface StreamsBench {
  readonly streams: number;
  /** Milliseconds between the deltas of one stream. */
  readonly gapMs: number;
  readonly seconds: number;
  readonly goals: { readonly peakMebibytes: number; readonly delayMs: number };
}

/** Opened at the same time, so that no queue of connections overflows. */
const OPENING = 100;

export async function benchStreams(bench: StreamsBench): Promise<readonly Row[]> {
  const { streams, gapMs, seconds, goals } = bench;
  await using server = await startProgram("serving/stream-server.ts", {}, gapMs);
  const open: OpenStream[] = [];
  const delays: number[] = [];
  let opened = 0;
  let measures = false;
  while (open.length < streams) {
    const batch = Math.min(OPENING, streams - open.length);
    for (let n = 0; n < batch; n += 1) {
      let isOpen = false;
      let rest = "";
      open.push(
        openStream(server.port, `Stream ${open.length}`, (text) => {
          if (!isOpen) opened += 1;
          isOpen = true;
          const lines = `${rest}${text}`;
          rest = lines.slice(lines.lastIndexOf("\n") + 1);
          if (measures) delays.push(...toDelays(lines.slice(0, lines.length - rest.length)));
        }),
      );
    }
    await until(() => opened === open.length);
  }
  await sleep(2_000);
  measures = true;
  await sleep(seconds * 1_000);
  measures = false;
  const peak = server.peakRssMebibytes();
  for (const { socket } of open) socket.destroy();
  const expected = (streams * seconds * 1_000) / gapMs;
  const perSecond = 1_000 / gapMs;
  const delayMs = toQuantile(delays, 0.99);
  return [
    {
      what: `peak memory of ${streams} streams with ${perSecond} deltas a second each`,
      figure: `${peak} MiB`,
      goal: `≤ ${goals.peakMebibytes} MiB`,
      met: peak <= goals.peakMebibytes,
    },
    {
      what: `a delta is late by, p99 (p50 ${toQuantile(delays, 0.5)} ms; ${delays.length} of ${expected} came)`,
      figure: `${delayMs} ms`,
      goal: `≤ ${goals.delayMs} ms`,
      met: delayMs <= goals.delayMs && delays.length >= 0.95 * expected,
    },
  ];
}

/** How long ago the deltas in this text were made. */
function toDelays(text: string): readonly number[] {
  const nowMs = Date.now();
  return [...text.matchAll(/at (\d{13});/g)].map(([, madeMs]) => nowMs - Number(madeMs));
}
