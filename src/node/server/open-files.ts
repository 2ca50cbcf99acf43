/** Whether the system lets the process have as many files open as its settings ask for: each connection is one. */
import * as z from "zod";
import type { Config } from "../../config.ts";

/** Of the store, the log and the process itself. */
const OWN_FILES = 256;

/** Systems without such a limit have no number there. */
const Report = z.object({ userLimits: z.object({ open_files: z.object({ soft: z.int() }) }) });

/** A line for whoever starts the service; undefined where there are enough. `limit`: undefined for none. */
export function findFewFiles(
  { runsMax, runQueueMax }: Pick<Config, "runsMax" | "runQueueMax">,
  limit: number | undefined,
): string | undefined {
  // A run has its client's connection and one to a model.
  const needed = 2 * runsMax + runQueueMax + OWN_FILES;
  if (limit === undefined || limit >= needed) return undefined;
  return `this process may have ${limit} files open, and RUNS_MAX and RUN_QUEUE_MAX take up to ${needed}: connections beyond are closed without an answer; raise the limit (ulimit -n, or LimitNOFILE of systemd) or lower them`;
}

/** How many files this process may have open; undefined where there is no limit. */
export function readFileLimit(): number | undefined {
  // Or it looks up a name for every address that is connected.
  Object.assign(process.report, { excludeNetwork: true });
  const report = Report.safeParse(process.report.getReport());
  return report.success ? report.data.userLimits.open_files.soft : undefined;
}
