/** Searches for the agents of one run: the same search of two of them is made once and its result kept. */
import { startDeadline } from "../async/deadline.ts";
import { createSingleFlight } from "../async/single-flight.ts";
import type { Ask } from "../domain/ask.ts";
import type { Passage } from "../domain/event.ts";
import type { Opened } from "../retrieval/open-collections.ts";
import { retrieve, type RetrieveDeps } from "../retrieval/retrieve.ts";
import { type Run, withDeadline } from "../run.ts";

/** What a query finds in these collections. Throws what retrieval throws; failures are not kept. */
export type Search = (
  query: string,
  wanted: readonly Opened[],
  run: Run,
) => Promise<readonly Passage[]>;

export type SearchDeps = Pick<RetrieveDeps, "embedders" | "rerankers">;

/** Creates the search of one run. What is kept is bounded by the searches a run may make. */
export function createSearchOnce(deps: SearchDeps, ask: Ask): Search {
  const flights = createSingleFlight<readonly Passage[]>();
  const kept = new Map<string, readonly Passage[]>();
  return async (query, wanted, run) => {
    const key = JSON.stringify([query, ...wanted.map(({ collection }) => collection)]);
    const found = kept.get(key);
    if (found !== undefined) return found;
    const again = {
      ...ask,
      question: query,
      retrieval: { ...ask.retrieval, require: [], legsMin: 0 },
    };
    const work = async (signal: AbortSignal): Promise<readonly Passage[]> => {
      // Of the one that came first; others who wait for it may have less time, and leave.
      const budgetMs = run.deadline.remainingMs();
      using deadline = startDeadline({ clock: run.clock, budgetMs, parent: signal });
      const { passages } = await retrieve(deps, wanted, again, withDeadline(run, deadline));
      kept.set(key, passages);
      return passages;
    };
    return flights(key, work, run.signal);
  };
}
