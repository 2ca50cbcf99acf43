/** How far a command is that goes through the chunks of one collection: a line now and then. */
import { systemClock } from "../../src/async/clock.ts";
import type { ChunkProgress } from "../chunk-progress.ts";
import { formatCount } from "./progress.ts";
import type { Output } from "./output.ts";

const LINE_INTERVAL_MS = 2_000;
const DATA_INTERVAL_MS = 100;

/** Says it to people and programs, not more often than they can read. */
export function showProgress(
  collection: string,
  output: Output,
): (progress: ChunkProgress) => void {
  let [lineMs, dataMs] = [systemClock.now(), Number.NEGATIVE_INFINITY];
  return (progress) => {
    const nowMs = systemClock.now();
    if (nowMs - dataMs >= DATA_INTERVAL_MS) {
      dataMs = nowMs;
      output.data({ type: "progress", ...progress });
    }
    if (nowMs - lineMs < LINE_INTERVAL_MS) return;
    lineMs = nowMs;
    const { chunksDone, chunks } = progress;
    output.line(`${collection}: ${formatCount(chunksDone)}/${formatCount(chunks)} chunks`);
  };
}
