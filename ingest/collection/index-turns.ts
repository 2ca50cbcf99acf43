/** When a long run has the indexes brought up on its way: what they lack is searched one by one, and stays so when the run is cut off. */
import type { CommitReport } from "../../src/stores/store.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";

export interface IndexTurns {
  committed(report: Pick<CommitReport, "chunksAdded" | "chunksRemoved">): void;
  /** Is it worth it before the next commit? Then what was committed counts as indexed. */
  isDue(): boolean;
}

/**
 * Starts with a collection of so many chunks. Each time writes the full-text index anew, so that the next time comes
 * when there is three times as much: all of them together cost half of what the last one does.
 */
export function createIndexTurns(chunks: number): IndexTurns {
  let held = chunks;
  let lacking = 0;
  return {
    committed({ chunksAdded, chunksRemoved }) {
      held = Math.max(0, held - chunksRemoved);
      lacking += chunksAdded;
    },
    isDue() {
      if (lacking < Math.max(SYNC_LIMITS.unindexedChunksMax, 2 * held)) return false;
      [held, lacking] = [held + lacking, 0];
      return true;
    },
  };
}
