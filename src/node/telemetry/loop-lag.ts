/** How late the event loop is: the delay of a timer, sampled by Node itself. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../async/clock.ts";

const RESOLUTION_MS = 20;
const NANOSECONDS = 1_000_000;

/** Reads the mean delay of about the last second as a share of `lagMsMax`. Keeps no process alive. */
export function createLoopLag(clock: Clock, lagMsMax: number, windowMs = 1_000): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let readMs = clock.now();
  let share = 0;
  return () => {
    const sinceMs = clock.now() - readMs;
    if (sinceMs < windowMs) return share;
    const meanMs = histogram.count === 0 ? sinceMs : histogram.mean / NANOSECONDS - RESOLUTION_MS;
    share = Math.max(0, meanMs) / lagMsMax;
    histogram.reset();
    readMs = clock.now();
    return share;
  };
}
