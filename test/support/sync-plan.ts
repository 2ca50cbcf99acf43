/** A sync of files that lie nowhere: a test's loader makes their texts up. */
import type { SyncPlan } from "../../ingest/sync/sync-plan.ts";

export function toSyncPlan(ids: readonly string[], change: Partial<SyncPlan> = {}): SyncPlan {
  return {
    collection: "notes",
    files: ids.map((id) => ({ id, path: `/nowhere/${id}` })),
    problems: [],
    covers: () => true,
    deleteMissing: false,
    dryRun: false,
    ...change,
  };
}
