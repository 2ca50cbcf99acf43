/** The question searched again, for what a run has no need to know: scores and ranks of what its legs did not bring. */
import type { Ask } from "../../domain/ask.ts";
import type { ExplainTarget } from "../../domain/explanation.ts";
import type { Filter } from "../../domain/filter.ts";
import type { Run } from "../../run.ts";
import { startTimeline } from "../../telemetry/timeline.ts";
import type { Arm } from "../leg.ts";
import type { Located } from "./locate-document.ts";
import type { Opened } from "../open-collections.ts";
import { type RetrieveDeps, searchBoth } from "../retrieve.ts";

/** Each is absent where it was not worth a search. */
export interface Probes {
  /** The document alone, whatever the filter: the scores of all of its chunks. */
  readonly own?: readonly Arm[];
  /** The same within the filter. */
  readonly passing?: readonly Arm[];
  /** Deeper than was asked for. */
  readonly deep?: readonly Arm[];
}

/** No store brings more hits than this. */
export const RANKS_MAX = 1_000;

/** Searches with the run's own code and deadline, but leaves no event, degraded code or timeline behind. */
export async function probe(
  deps: RetrieveDeps,
  given: {
    readonly opened: readonly Opened[];
    readonly located: Located;
    readonly target: ExplainTarget;
  },
  ask: Ask,
  run: Run,
): Promise<Probes> {
  const { opened, located, target } = given;
  const quiet: Run = {
    ...run,
    timeline: startTimeline(run.clock),
    emit: () => Promise.resolve(),
    degrade: () => Promise.resolve(),
  };
  const { filter: asked, ...rest } = ask;
  const search = async (legHitsMax: number, filter?: Filter): Promise<readonly Arm[]> => {
    const retrieval = { ...ask.retrieval, legHitsMax };
    const again = { ...rest, retrieval, ...(filter === undefined ? {} : { filter }) };
    return (await searchBoth(deps, opened, again, quiet)).arms;
  };
  const isIt: Filter = { field: "documentId", op: "eq", value: target.documentId };
  const chunks = located.rows.length;
  const [own, passing, deep] = await Promise.all([
    search(chunks, isIt),
    asked === undefined ? undefined : search(chunks, { and: [isIt, asked] }),
    search(RANKS_MAX, asked),
  ]);
  return { own, deep, ...(passing === undefined ? {} : { passing }) };
}
