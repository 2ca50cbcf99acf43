/** Many streams open at the same time: the memory they take, and how late their words come. */
import { setTimeout as sleep } from "node:timers/promises";
import { type OpenStream, openStream, until } from "./client.ts";
import { startProgram } from "../bench-program.ts";
import { atLeast, atMost, type Row } from "../bench-row.ts";
import { toQuantile } from "../to-quantile.ts";

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
    atMost(`peak memory of ${streams} streams with ${perSecond} deltas a second each`, {
      value: peak,
      goal: goals.peakMebibytes,
      unit: "MiB",
    }),
    atMost("a delta is late by, p99", {
      value: delayMs,
      goal: goals.delayMs,
      unit: "ms",
      note: `p50 ${toQuantile(delays, 0.5)} ms`,
    }),
    atLeast("deltas that came, of those that were due", {
      value: (100 * delays.length) / expected,
      goal: 95,
      unit: "%",
      note: `${delays.length} of ${expected}`,
    }),
  ];
}

/** How long ago the deltas in this text were made. */
function toDelays(text: string): readonly number[] {
  const nowMs = Date.now();
  return [...text.matchAll(/at (\d{13});/g)].map(([, madeMs]) => nowMs - Number(madeMs));
}
