/** Which stored documents are gone from the files: told only from what was really looked at. */
import type { ReadScope } from "./read-changes.ts";
import type { SyncPlan } from "./sync-plan.ts";

/**
 * Ids of stored documents that this run covers, did not meet, and had no trouble with: a problem of
 * the document, its file, or a folder around it says nothing about whether it still exists.
 */
export function findMissing(
  { covers }: Pick<SyncPlan, "covers">,
  { stored, seen, tally }: Pick<ReadScope, "stored" | "seen" | "tally">,
): readonly string[] {
  return [...stored.values()]
    .filter(({ id, source }) => !seen.has(id) && covers(source) && !isSpoiled(id, source))
    .map(({ id }) => id);

  function isSpoiled(id: string, source: string): boolean {
    return tally.spoiled.has(id) || toPlaces(source).some((place) => tally.spoiled.has(place));
  }
}

/** `a/b/c.md`, `a/b`, `a`, and the root by each of its names. */
function toPlaces(source: string): readonly string[] {
  const parts = source.split("/");
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join("/")), ".", ""];
}
