/** Fetches the texts of the candidates that go on, once each, from the snapshots they were found in. */
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

/** A row of a collection. */
type Row = Pick<Candidate, "collection" | "row">;

export interface Taker extends Disposable {
  /** Starts to fetch rows that will very likely go on, while the run waits for something else. Never throws. */
  prefetch(rows: readonly Row[]): void;
  /**
   * The candidates with their chunks, in the candidates' order. A collection whose texts cannot be fetched
   * costs its candidates, a damaged chunk costs itself; both are reported as degraded.
   * Throws AppError store_unavailable when nothing could be fetched.
   */
  take(candidates: readonly Candidate[]): Promise<readonly Found[]>;
}

/** Creates a taker for one run. */
export function createTaker(snapshots: readonly Snapshot[], run: Run): Taker {
  /** What was fetched; a damaged chunk is there as `undefined`. */
  const chunks = new Map<string, Chunk | undefined>();
  /** Ends what was fetched ahead, with the run or with the taker. */
  const gone = new AbortController();
  const signalAhead = AbortSignal.any([run.signal, gone.signal]);
  let early: Promise<unknown> = Promise.resolve();

  const fetch = async (
    collection: string,
    rows: readonly Row[],
    signal: AbortSignal,
  ): Promise<void> => {
    const snapshot = snapshots.find(({ info }) => info.name === collection);
    const taken = snapshot === undefined ? [] : await takeFrom(snapshot, rows, signal);
    for (const [index, row] of rows.entries()) chunks.set(toKey(row), taken[index]);
  };
  const fetchAll = (
    rows: readonly Row[],
    signal: AbortSignal,
    onError: (thrown: unknown, collection: string) => Promise<void>,
  ): Promise<unknown> =>
    pMap(
      Map.groupBy(rows, ({ collection }) => collection),
      ([collection, group]) =>
        fetch(collection, group, signal).catch((thrown: unknown) => onError(thrown, collection)),
      { concurrency: run.config.searchConcurrencyMax },
    );

  return {
    prefetch(rows) {
      // What fails here is missing later, and is then fetched again and reported.
      early = fetchAll(rows, signalAhead, () => Promise.resolve());
    },
    async take(candidates) {
      using deadline = run.deadline.child(run.config.takeTimeoutMs, "take");
      // Late is as good as failed: what is missing then is asked for once more.
      await untilAborted(early, deadline.signal).catch(() => undefined);
      run.signal.throwIfAborted();
      let failed = 0;
      const missing = candidates.filter((candidate) => !chunks.has(toKey(candidate)));
      await fetchAll(missing, deadline.signal, async (thrown, collection) => {
        run.signal.throwIfAborted();
        failed += 1;
        run.log.error("take-failed", thrown, { runId: run.id, collection });
        await run.degrade(`collection_unavailable:${collection}`);
      });
      const found = candidates.flatMap((candidate) => {
        const chunk = chunks.get(toKey(candidate));
        return chunk === undefined ? [] : [{ ...candidate, chunk }];
      });
      const damaged = candidates.some((one) => chunks.has(toKey(one)) && !chunks.get(toKey(one)));
      if (damaged) await run.degrade("corrupt_chunk");
      if (failed > 0 && found.length === 0)
        throw new AppError("store_unavailable", { stage: "take" });
      return found;
    },
    [Symbol.dispose]() {
      // What was fetched ahead for a search that failed must not outlive it.
      gone.abort();
    },
  };
}

function toKey({ collection, row }: Row): string {
  return `${collection}\u0000${row}`;
}

async function takeFrom(
  snapshot: Snapshot,
  group: readonly Row[],
  signal: AbortSignal,
): Promise<readonly (Chunk | undefined)[]> {
  signal.throwIfAborted();
  const rows = group.map(({ row }) => row);
  return untilAborted(snapshot.take(rows, signal), signal);
}
