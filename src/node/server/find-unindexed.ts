/** Collections whose indexes lack so much that searching it one by one takes longer than a search may: a first ingest was cut off. */
import pMap from "p-map";
import { startDeadline } from "../../async/deadline.ts";
import { AppError } from "../../errors.ts";
import type { CollectionView } from "../../http/inspect-collections.ts";
import type { AppDeps } from "../../app.ts";
import { countOf } from "../../text/count-of.ts";

/** About as many as the full-text search reads one by one in half a second. */
const LACKING_MAX = 10_000;

/** A sentence for each, with the way out. What cannot be looked at now is passed over. */
export async function findUnindexed(
  { config, clock, store }: Pick<AppDeps, "config" | "clock" | "store">,
  collections: readonly CollectionView[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const large = collections.flatMap((view) =>
    view.status === "ready" && view.chunks > LACKING_MAX ? [view] : [],
  );
  const found = await pMap(
    large,
    async ({ name, chunks }) => {
      const budgetMs = config.healthTimeoutMs;
      using deadline = startDeadline({ clock, budgetMs, parent: signal, stage: "open" });
      try {
        const snapshot = await store.open(name, deadline.signal);
        const { indexedShare = 1 } = (await snapshot.condition?.(deadline.signal)) ?? {};
        const lacking = Math.round((1 - indexedShare) * chunks);
        return lacking > LACKING_MAX ? [describe(name, lacking)] : [];
      } catch (thrown) {
        if (!(thrown instanceof AppError)) throw thrown;
        return [];
      }
    },
    { concurrency: config.searchConcurrencyMax },
  );
  return found.flat();
}

function describe(name: string, lacking: number): string {
  return `${countOf(lacking, "chunk")} of the collection ${name} are not in its indexes, and searches of it may end late; unless it is being ingested, mend it with: pnpm ingest optimize ${name}`;
}
