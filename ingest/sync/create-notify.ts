/** Tells how far a sync is, not more often than anyone can read. */
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncPlan, SyncProgress } from "./sync-plan.ts";
import type { SyncTally } from "./sync-tally.ts";

/** Says where the run stands; `step` names what the index is doing. */
export type Notify = (step?: string) => void;

export function createNotify(
  { files }: Pick<SyncPlan, "files">,
  tally: SyncTally,
  progress: ((progress: SyncProgress) => void) | undefined,
): Notify {
  const bytes = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
  let lastMs = Number.NEGATIVE_INFINITY;
  return (step) => {
    const nowMs = performance.now();
    if (step === undefined && nowMs - lastMs < SYNC_LIMITS.progressIntervalMs) return;
    lastMs = nowMs;
    const counts = {
      files: files.length,
      filesDone: tally.filesDone,
      bytes,
      bytesDone: Math.round(tally.bytesDone),
      chunks: tally.chunksAdded + tally.chunksChanged,
    };
    progress?.(
      step === undefined
        ? { step: "loading", ...counts }
        : { step: "indexing", ...counts, detail: step },
    );
  };
}
