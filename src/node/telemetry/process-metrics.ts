/** What the process takes of the machine, and how late its event loop is. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { SetValue } from "../../telemetry/meter.ts";

const RESOLUTION_MS = 50;
const PERCENTILES = [50, 99, 100];

/** Returns a reader. The lag is of the time since it was last read. Keeps no process alive. */
export function createProcessMetrics(): (set: SetValue) => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return (set) => {
    for (const percentile of PERCENTILES) {
      // The histogram holds the whole delay of its timer, which is late by what is beyond its resolution.
      const delayMs = histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1e6;
      const lagMs = Math.max(0, delayMs - RESOLUTION_MS);
      const labels = { percentile: String(percentile) };
      set("tributary_event_loop_lag_seconds", lagMs / 1_000, labels);
    }
    histogram.reset();
    const { user, system } = process.cpuUsage();
    set("tributary_cpu_seconds_total", (user + system) / 1e6);
    set("tributary_memory_bytes", process.memoryUsage.rss());
  };
}
