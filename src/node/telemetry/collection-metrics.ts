/** The state of every collection, looked at beside the work, so that reading metrics waits for no store. */
import { startDeadline } from "../../async/deadline.ts";
import type { Clock } from "../../async/clock.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Config } from "../../config.ts";
import type { CollectionInfo } from "../../domain/collection.ts";
import { toAppError } from "../../errors.ts";
import type { Condition, ReadStore } from "../../stores/store.ts";
import type { Log } from "../../telemetry/log.ts";
import type { SetValue } from "../../telemetry/meter.ts";

export interface CollectionMetricsDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReadStore;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What is older is looked at again. */
const STALE_MS = 15_000;

interface Seen {
  readonly collections: readonly (Condition & { readonly info: CollectionInfo })[];
  readonly unavailable: number;
}

export interface CollectionMetrics {
  /** Sets what was seen last, and has the store looked at again when that is old. */
  read(set: SetValue): void;
}

/** Nothing is looked at before the first reading. */
export function createCollectionMetrics(deps: CollectionMetricsDeps): CollectionMetrics {
  const { clock, log, now = Date.now } = deps;
  let seen: Seen | undefined;
  let seenAtMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    try {
      seen = await look(deps);
    } catch (thrown) {
      seen = undefined;
      log.warn("collections-not-measured", { code: toAppError(thrown).code });
    } finally {
      seenAtMs = clock.now();
      looking = undefined;
    }
  };

  return {
    read(set) {
      if (clock.now() - seenAtMs >= STALE_MS) looking ??= refresh();
      if (seen === undefined) return;
      set("tributary_collections_unavailable", seen.unavailable);
      for (const { info, committedAtMs, indexedShare } of seen.collections) {
        const labels = { collection: info.name };
        set("tributary_collection_documents", info.documents, labels);
        set("tributary_collection_chunks", info.chunks, labels);
        set("tributary_collection_version", info.version, labels);
        if (committedAtMs !== undefined) {
          const ageMs = Math.max(0, now() - committedAtMs);
          set("tributary_collection_age_seconds", ageMs / 1_000, labels);
        }
        if (indexedShare !== undefined) {
          set("tributary_collection_index_coverage", indexedShare, labels);
        }
      }
    },
  };
}

async function look({ config, clock, store }: CollectionMetricsDeps): Promise<Seen> {
  const within = async <T>(stage: string, work: (signal: AbortSignal) => Promise<T>) => {
    using deadline = startDeadline({ clock, budgetMs: config.healthTimeoutMs, stage });
    return await untilAborted(work(deadline.signal), deadline.signal);
  };
  const names = await within("list", (signal) => store.list(signal));
  const collections: (Condition & { readonly info: CollectionInfo })[] = [];
  let unavailable = 0;
  // One after the other: figures for operators are in no hurry.
  for (const name of names) {
    try {
      const found = await within("open", async (signal) => {
        const snapshot = await store.open(name, signal);
        return { info: snapshot.info, ...(await snapshot.condition?.(signal)) };
      });
      collections.push(found);
    } catch (thrown) {
      if (toAppError(thrown).code === "internal") throw thrown;
      unavailable += 1;
    }
  }
  return { collections, unavailable };
}
