/** The keyword arm: BM25 whose document frequencies count over all collections asked, so that scores compare. */
import pMap from "p-map";
import { untilAborted } from "../async/until-aborted.ts";
import type { Ask } from "../domain/ask.ts";
import { type AppError, toAppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { Snapshot, TermStatistics, WeightedTerm } from "../stores/store.ts";
import { toIdf } from "../text/idf.ts";
import {
  type Arm,
  createLosses,
  type LegResult,
  type Losses,
  reportLeg,
  runLeg,
  searchIn,
} from "./leg.ts";

/** Searches by words. Does not wait for any embedding. Never throws. */
export async function searchByKeyword(
  snapshots: readonly Snapshot[],
  ask: Ask,
  run: Run,
): Promise<Arm> {
  const { searchConcurrencyMax } = run.config;
  const counted = await run.timeline.leaf("terms", ["open", "rewrite"], () =>
    pMap(snapshots, (snapshot) => countTerms(snapshot, ask.question, run), {
      concurrency: searchConcurrencyMax,
    }),
  );
  const idfOf = createIdf(counted.flatMap((one) => ("statistics" in one ? [one.statistics] : [])));
  const legs = await pMap(
    counted,
    (one): Promise<LegResult> => {
      const { snapshot } = one;
      const name = { collection: snapshot.info.name, retriever: "keyword" } as const;
      if ("error" in one) return reportLeg(name, run, one.error);
      const { losses } = one;
      const terms = weigh(one.statistics, idfOf);
      return runLeg(name, run, async (signal) =>
        terms.length === 0
          ? { hits: [], lost: losses.lost }
          : searchIn(snapshot, { type: "keyword", terms }, ask, { run, signal, losses }),
      );
    },
    { concurrency: searchConcurrencyMax },
  );
  return { name: "keyword", weight: undefined, zero: 0, legs };
}

interface Statistics {
  readonly snapshot: Snapshot;
  readonly statistics: TermStatistics;
  /** Parts of the collection that are not in them, and those that do not answer later. */
  readonly losses: Losses;
}

type Counted = Statistics | { readonly snapshot: Snapshot; readonly error: AppError };

async function countTerms(snapshot: Snapshot, question: string, run: Run): Promise<Counted> {
  using deadline = run.deadline.child(run.config.searchTimeoutMs, "terms");
  const losses = createLosses();
  try {
    const work = snapshot.terms(question, deadline.signal, losses.onLost);
    return { snapshot, statistics: await untilAborted(work, deadline.signal), losses };
  } catch (thrown) {
    return { snapshot, error: toAppError(thrown) };
  }
}

/** Inverse document frequencies over several collections as if they were one. */
export function createIdf(statistics: readonly TermStatistics[]): (term: string) => number {
  const chunks = statistics.reduce((sum, one) => sum + one.chunks, 0);
  const frequencies = new Map<string, number>();
  for (const one of statistics) {
    for (const [term, count] of one.frequencies) {
      frequencies.set(term, (frequencies.get(term) ?? 0) + count);
    }
  }
  return (term) => toIdf(Math.min(frequencies.get(term) ?? 0, chunks), chunks);
}

/** The terms that occur in this collection; the others cannot find anything there. */
function weigh(
  statistics: TermStatistics,
  idfOf: (term: string) => number,
): readonly WeightedTerm[] {
  return [...statistics.frequencies]
    .filter(([, count]) => count > 0)
    .map(([term]) => ({ term, idf: idfOf(term) }));
}
