/** A leg of the search: one collection × one retriever. What it came to is data, whatever happened. */
import { untilAborted } from "../async/until-aborted.ts";
import type { Ask } from "../domain/ask.ts";
import type { Leg } from "../domain/event.ts";
import type { Hit, Retriever } from "../domain/hit.ts";
import { type AppError, toAppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { LostPart, OnLost, Snapshot, Sought } from "../stores/store.ts";
import { toTenths } from "../telemetry/timeline.ts";

export interface LegResult {
  readonly leg: Leg;
  readonly hits: readonly Hit[];
  /** What it failed with. */
  readonly error?: AppError;
}

/** One arm of the search: the scores of all its legs mean the same, so their hits merge by score. */
export interface Arm {
  /** `keyword`, or `vector` with the embedder's id. */
  readonly name: string;
  /** Share of this arm in the fused score, 0 to 1; undefined: what the other arms leave. */
  readonly weight: number | undefined;
  /** Score of a text that shares nothing with the question; undefined: the list's lowest stands for it. */
  readonly zero?: number;
  readonly legs: readonly LegResult[];
}

export interface LegName {
  readonly collection: string;
  readonly retriever: Retriever;
}

/** What a leg's work gives: hits, of the rest where parts of the collection are lost; or why there was nothing to search with. */
export type LegWork =
  | { readonly hits: readonly Hit[]; readonly lost?: readonly LostPart[] }
  | { readonly skipped: string };

export interface Losses {
  readonly lost: readonly LostPart[];
  readonly onLost: OnLost;
}

/** Parts of a collection that did not answer, each once. */
export function createLosses(): Losses {
  const lost: LostPart[] = [];
  const onLost: OnLost = (part) => {
    if (!lost.some((known) => known.part === part.part)) lost.push(part);
  };
  return { lost, onLost };
}

/**
 * Runs a leg within its own budget, reports it as `leg-end`, never throws.
 * `work` gets the leg's signal; if it ignores it, the leg still ends in time.
 */
export async function runLeg(
  name: LegName,
  run: Run,
  work: (signal: AbortSignal) => Promise<LegWork>,
): Promise<LegResult> {
  const startMs = run.timeline.elapsedMs();
  const { ending, ...rest } = await settle(name, run, work);
  const leg: Leg = {
    ...name,
    ...ending,
    startMs: toTenths(startMs),
    endMs: toTenths(run.timeline.elapsedMs()),
    found: rest.hits.length,
    kept: 0,
  };
  await run.emit({ type: "leg-end", ...leg });
  return { leg, ...rest };
}

/** A leg's work: what a search of its collection finds, within the run's limits. `losses`: those known before it. */
export async function searchIn(
  snapshot: Snapshot,
  sought: Sought,
  ask: Ask,
  { run, signal, losses = createLosses() }: SearchIn,
): Promise<LegWork> {
  const query = {
    ...sought,
    onLost: losses.onLost,
    limit: ask.retrieval.legHitsMax,
    timeoutMs: Math.min(run.config.searchTimeoutMs, run.deadline.remainingMs()),
    ...(ask.filter === undefined ? {} : { filter: ask.filter }),
  };
  return { hits: await snapshot.search(query, signal), lost: losses.lost };
}

interface SearchIn {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly losses?: Losses;
}

/** A leg that had no chance to run, because of something before it. */
export async function reportLeg(name: LegName, run: Run, error: AppError): Promise<LegResult> {
  return runLeg(name, run, () => Promise.reject(error));
}

interface Settled extends Omit<LegResult, "leg"> {
  readonly ending: Pick<Leg, "status" | "code">;
}

async function settle(
  name: LegName,
  run: Run,
  work: (signal: AbortSignal) => Promise<LegWork>,
): Promise<Settled> {
  const { collection, retriever } = name;
  const stage = `search:${collection}/${retriever}`;
  const after = retriever === "vector" ? ["open", "embed"] : ["terms"];
  using deadline = run.deadline.child(run.config.searchTimeoutMs, stage);
  const { signal } = deadline;
  try {
    const done = await run.timeline.leaf(stage, after, () => untilAborted(work(signal), signal));
    if ("skipped" in done) return { ending: { status: "skipped", code: done.skipped }, hits: [] };
    const { hits, lost = [] } = done;
    for (const { part, error } of lost) {
      const { code } = error;
      run.log.error("part-lost", error, { runId: run.id, collection, retriever, part, code });
    }
    const [first] = lost;
    return {
      ending: { status: "found", ...(first === undefined ? {} : { code: first.error.code }) },
      hits,
    };
  } catch (thrown) {
    const error = toAppError(thrown);
    const { code } = error;
    const status = code === "deadline_exceeded" ? "timed-out" : "failed";
    // When the run itself is over its legs did not fail by themselves.
    if (!run.signal.aborted) {
      run.log.error("leg-failed", thrown, { runId: run.id, collection, retriever, code });
    }
    return { ending: { status, code }, hits: [], error };
  }
}
