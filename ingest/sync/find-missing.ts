/** Which stored documents are gone from the files: told only from what was really looked at. */
import { AppError } from "../../src/errors.ts";
import type { DocumentState } from "../../src/stores/store.ts";
import type { ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncPlan } from "./sync-plan.ts";
import { toUploadId } from "../uploads/upload-source.ts";

export interface Gone {
  /** Not found any more: only `deleteMissing` removes them. */
  readonly missing: readonly string[];
  /** Of an upload whose place a file of this run has taken: removed in any case. */
  readonly replaced: readonly string[];
}

/**
 * Missing are ids of stored documents that this run covers, did not meet, and had no trouble with: a problem of
 * the document, its file, or a folder around it says nothing about whether it still exists.
 */
export function findGone(
  { covers }: Pick<SyncPlan, "covers">,
  { seen, sources, tally }: Pick<ReadScope, "seen" | "sources" | "tally">,
  stored: ReadonlyMap<string, DocumentState>,
): Gone {
  const unmet = [...stored.values()].filter(({ id }) => !seen.has(id));
  const missing = unmet.filter(({ id, source }) => covers(source) && !isSpoiled(id, source));
  const replaced = unmet.filter(({ id, source }) => {
    const file = toUploadId(source);
    return file !== undefined && sources.has(file) && !isSpoiled(id, file);
  });
  return { missing: missing.map(({ id }) => id), replaced: replaced.map(({ id }) => id) };

  function isSpoiled(id: string, source: string): boolean {
    return tally.spoiled.has(id) || toPlaces(source).some((place) => tally.spoiled.has(place));
  }
}

/**
 * Throws AppError not_found where a run would remove all there is because not one of its files is known: that is a
 * mistaken path far more often than a folder of which every file has another name.
 */
export function checkMirror(
  { deleteMissing, covers, files, problems }: SyncPlan,
  stored: ReadonlyMap<string, DocumentState>,
): void {
  if (!deleteMissing) return;
  const covered = [...stored.values()].filter(({ source }) => covers(source));
  const found = new Set([...files, ...problems].map(({ id }) => id));
  if (covered.length < SYNC_LIMITS.allMissingMin) return;
  if (covered.some(({ source }) => toPlaces(source).some((place) => found.has(place)))) return;
  throw new AppError("not_found", {
    detail: `none of the ${covered.length} stored documents is under these paths, and --delete-missing would remove them all: check the paths; if this is meant, run once without --delete-missing first`,
  });
}

/** What holds it, and the root by each of its names. */
function toPlaces(source: string): readonly string[] {
  return [...toPaths(source), ".", ""];
}

/** A source and the folders that it lies in: `a/b/c.md`, `a/b`, `a`. */
export function toPaths(source: string): readonly string[] {
  const parts = source.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}
