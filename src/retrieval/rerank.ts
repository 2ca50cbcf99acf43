/** Reorders candidates by a reranker, within its time box. Failing or late, the fused order stands and the run says so. */
import { untilAborted } from "../async/until-aborted.ts";
import type { RerankMode } from "../domain/ask.ts";
import { AppError } from "../errors.ts";
import type { Reranker } from "../models/model.ts";
import type { Run } from "../run.ts";
import { contentOf } from "./content.ts";
import { raiseVersions } from "./raise-versions.ts";
import type { Found } from "./take.ts";

export type Rerankers = Readonly<Partial<Record<RerankMode, Reranker>>>;

/**
 * Share of the reranker's score in the new order. Never all of it: a reranker that has nothing to say
 * must leave the order alone, and small ones make some sets worse.
 */
const SHARES: Readonly<Record<RerankMode, number>> = {
  none: 0,
  lexical: 0.26,
  remote: 0.7,
  llm: 0.7,
};

export interface RerankOptions {
  readonly mode: RerankMode;
  readonly rerankers: Rerankers;
  /** The search is one of several of its run. Unset: no. */
  readonly isStep?: boolean;
  readonly run: Run;
}

/** From this level of pressure on, nothing is reranked. */
const PRESSURE_WITHOUT_RERANK = 1;

/** The candidates in their new order; `rerank` joins their trail. Throws only when the run itself is over. */
export async function rerank(
  found: readonly Found[],
  question: string,
  { mode, rerankers, isStep = false, run }: RerankOptions,
): Promise<readonly Found[]> {
  if (mode === "none" || found.length < 2) return found;
  if (run.pressure.level >= PRESSURE_WITHOUT_RERANK) {
    await run.degrade("rerank_skipped");
    return found;
  }
  try {
    const whole = rerankers[mode];
    if (whole === undefined) throw new AppError("unsupported_option");
    const reranker = isStep ? (whole.forSteps ?? whole) : whole;
    const scores = await run.timeline.stage("rerank", ["take"], () =>
      scoreAll(reranker, question, found, run),
    );
    return toOrder(raiseVersions(blend(found, scores, SHARES[mode]), question));
  } catch (thrown) {
    run.signal.throwIfAborted();
    run.log.error("rerank-failed", thrown, { runId: run.id, mode });
    await run.degrade("rerank_skipped");
    return found;
  }
}

async function scoreAll(
  reranker: Reranker,
  question: string,
  found: readonly Found[],
  run: Run,
): Promise<readonly number[]> {
  using deadline = run.deadline.child(run.config.rerankTimeoutMs, "rerank");
  const texts = found.map(({ chunk }) => contentOf(chunk));
  const work = reranker.score(question, texts, deadline.signal);
  const scores = await untilAborted(work, deadline.signal);
  if (scores.length !== texts.length || !scores.every(Number.isFinite)) {
    throw new AppError("upstream_bad_response", { stage: "rerank" });
  }
  return scores;
}

/** With scores of 0 to 1. */
function blend(
  found: readonly Found[],
  scores: readonly number[],
  share: number,
): readonly Found[] {
  const byReranker = scale(scores);
  const byFusion = scale(found.map(({ score }) => score));
  return found.map((one, index) => ({
    ...one,
    score: share * (byReranker[index] ?? 0) + (1 - share) * (byFusion[index] ?? 0),
  }));
}

function toOrder(found: readonly Found[]): readonly Found[] {
  return found
    .toSorted((a, b) => b.score - a.score)
    .map((one, index) => ({ ...one, trail: { ...one.trail, rerank: index + 1 } }));
}

/** To 0..1; all equal gives all 0, which changes nothing. */
function scale(scores: readonly number[]): readonly number[] {
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  return scores.map((score) => (range > 0 ? (score - lowest) / range : 0));
}
