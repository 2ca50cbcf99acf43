/** Takes out of a collection what its files no longer hold. */
import type { DocumentState } from "../../src/stores/store.ts";
import { findGone } from "./find-missing.ts";
import type { ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import { commitBatch, type SyncRun, type Target } from "./sync-run.ts";
import { isUploaded } from "../uploads/upload-source.ts";

/**
 * Removes what is to go and returns all of it. Of a collection that is built anew, what the old generation alone
 * holds counts as removed as well: it is not brought over.
 */
export async function removeGone(
  run: SyncRun,
  target: Target,
  scope: ReadScope,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { plan, tally } = run;
  const { writer, rebuild } = target;
  const old = rebuild?.documents ?? new Map<string, DocumentState>();
  const { missing, replaced } = findGone(plan, scope, new Map([...old, ...scope.stored]));
  const deleted = rebuild === undefined ? [] : findDeleted(old, scope);
  const gone = [...(plan.deleteMissing ? missing : []), ...replaced, ...deleted];
  tally.missing = missing.length;
  const stored = gone.filter((id) => scope.stored.has(id));
  if (writer === undefined) return new Set(gone);
  for (let at = 0; at < stored.length; at += SYNC_LIMITS.removalsMax) {
    signal.throwIfAborted();
    const remove = stored.slice(at, at + SYNC_LIMITS.removalsMax);
    await commitBatch(run, writer, { put: [], remove, changed: 0, chunksChanged: 0 });
    target.commits += 1;
  }
  tally.removed += gone.length - stored.length;
  if (plan.deleteMissing) tally.missing = 0;
  return new Set(gone);
}

/** Uploads that were carried over by a run that was cut off, and deleted from the old generation since. */
function findDeleted(
  old: ReadonlyMap<string, DocumentState>,
  { stored, seen }: Pick<ReadScope, "stored" | "seen">,
): readonly string[] {
  return [...stored.values()]
    .filter(({ id, source }) => isUploaded(source) && !old.has(id) && !seen.has(id))
    .map(({ id }) => id);
}
