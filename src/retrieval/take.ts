/** Fetches the texts of the candidates that go on, once, from the snapshots they were found in. */
import pMap from "p-map";
import { untilAborted } from "../async/until-aborted.ts";
import type { Chunk } from "../domain/chunk.ts";
import { AppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { Snapshot } from "../stores/store.ts";
import type { Candidate } from "./fuse.ts";

/** A candidate with its text. */
export interface Found extends Candidate {
  readonly chunk: Chunk;
}

/**
 * The candidates' chunks, in the candidates' order. A collection whose texts cannot be fetched costs
 * its candidates, a damaged chunk costs itself; both are reported as degraded.
 * Throws AppError store_unavailable when every collection failed.
 */
export async function take(
  candidates: readonly Candidate[],
  snapshots: readonly Snapshot[],
  run: Run,
): Promise<readonly Found[]> {
  const byCollection = Map.groupBy(candidates, (candidate) => candidate.collection);
  const chunks = new Map<Candidate, Chunk>();
  let failed = 0;
  await pMap(
    byCollection,
    async ([collection, group]) => {
      const snapshot = snapshots.find(({ info }) => info.name === collection);
      try {
        const taken = snapshot === undefined ? [] : await takeFrom(snapshot, group, run);
        for (const [index, candidate] of group.entries()) {
          const chunk = taken[index];
          if (chunk === undefined) await run.degrade("corrupt_chunk");
          else chunks.set(candidate, chunk);
        }
      } catch (thrown) {
        run.signal.throwIfAborted();
        run.log.error("take-failed", thrown, { runId: run.id, collection });
        failed += 1;
        await run.degrade(`collection_unavailable:${collection}`);
      }
    },
    { concurrency: run.config.searchConcurrencyMax },
  );
  if (failed > 0 && chunks.size === 0) throw new AppError("store_unavailable", { stage: "take" });
  return candidates.flatMap((candidate) => {
    const chunk = chunks.get(candidate);
    return chunk === undefined ? [] : [{ ...candidate, chunk }];
  });
}

async function takeFrom(
  snapshot: Snapshot,
  group: readonly Candidate[],
  run: Run,
): Promise<readonly (Chunk | undefined)[]> {
  using deadline = run.deadline.child(run.config.takeTimeoutMs, "take");
  const rows = group.map(({ row }) => row);
  return await untilAborted(snapshot.take(rows, deadline.signal), deadline.signal);
}
