/** Retrieval on one screen: question → legs, all at once → fuse → take → rerank → pack → passages and ledger. */
import { type Ask, searchesInSteps } from "../domain/ask.ts";
import type { Leg, Passage } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { Snapshot } from "../stores/store.ts";
import { checkLegs, reportMissing } from "./check-legs.ts";
import { chooseSnapshots } from "./choose-snapshots.ts";
import { collapse, type Collapsed } from "./collapse.ts";
import { readAhead } from "./content.ts";
import { fuse } from "./fuse.ts";
import { searchByKeyword } from "./keyword-arm.ts";
import { type Arm, type LegResult, reportLeg, runLeg } from "./leg.ts";
import type { Opened } from "./open-collections.ts";
import { pack, type Packed, type PackLimits } from "./pack.ts";
import { rerank, type Rerankers } from "./rerank.ts";
import { type Found, take } from "./take.ts";
import { searchByVector, type VectorDeps } from "./vector-arm.ts";

export interface RetrieveDeps extends VectorDeps {
  readonly rerankers: Rerankers;
  /** The question as one that stands alone, when it follows others; never rejects. */
  readonly rewriting?: Promise<string | undefined>;
}

export interface Retrieved {
  readonly passages: readonly Passage[];
  readonly ledger: readonly Leg[];
}

/** What each stage came to. */
export interface Stages {
  readonly arms: readonly Arm[];
  readonly taken: readonly Found[];
  readonly collapsed: Collapsed;
  /** After reranking. */
  readonly ordered: readonly Found[];
  readonly limits: PackLimits;
  readonly packed: Packed;
}

/**
 * The passages that answer the question best, from whatever answered in time.
 * Throws AppError when a required collection is missing, too few legs answered, or all failed: an
 * empty result then would look like "nothing matches", which it is not.
 */
export async function retrieve(
  deps: RetrieveDeps,
  opened: readonly Opened[],
  ask: Ask,
  run: Run,
): Promise<Retrieved> {
  return toRetrieved(await runStages(deps, opened, ask, run));
}

/** What goes on of all that was found. */
export function toRetrieved({ arms, packed: { passages } }: Stages): Retrieved {
  const ledger = listLegs(arms).map((leg) => ({ ...leg, kept: countKept(leg, passages) }));
  return { passages, ledger };
}

/** One stage after the other. Throws what `retrieve` throws. */
export async function runStages(
  deps: RetrieveDeps,
  opened: readonly Opened[],
  ask: Ask,
  run: Run,
): Promise<Stages> {
  const snapshots = opened.flatMap((one) => ("snapshot" in one ? [one.snapshot] : []));
  const { question, arms } = await searchBoth(deps, opened, ask, run);
  run.signal.throwIfAborted();
  const legs = listLegs(arms);
  checkLegs(
    arms.flatMap((arm) => arm.legs),
    ask,
  );
  await reportMissing(legs, run);

  const candidates = fuse(arms, { limit: run.config.candidatesMax });
  const searches = legs.map(({ collection, retriever }) => `search:${collection}/${retriever}`);
  const after = ["rewrite", ...searches];
  const taken = await run.timeline.leaf("take", after, () => take(candidates, snapshots, run));
  const collapsed = collapse(taken);
  const { rerank: mode } = ask.retrieval;
  const ordered = await rerank(collapsed.kept, question, {
    mode,
    rerankers: deps.rerankers,
    isStep: searchesInSteps(ask),
    run,
  });
  const limits = await toPackLimits(ask, ordered.length, run);
  return { arms, taken, collapsed, ordered, limits, packed: pack(ordered, limits) };
}

function listLegs(arms: readonly Arm[]): readonly Leg[] {
  return arms.flatMap((arm) => arm.legs.map(({ leg }) => leg));
}

/** The question as it was put is searched while it is rewritten; what both find is fused, each for half. Throws as `search` does. */
export async function searchBoth(
  deps: RetrieveDeps,
  opened: readonly Opened[],
  ask: Ask,
  run: Run,
): Promise<{ readonly question: string; readonly arms: readonly Arm[] }> {
  const again = async (): Promise<{ question: string; arms: readonly Arm[] } | undefined> => {
    const question = await deps.rewriting;
    if (question === undefined) return undefined;
    return { question, arms: await search(deps, opened, { ...ask, question }, run) };
  };
  const [arms, rewritten] = await Promise.all([search(deps, opened, ask, run), again()]);
  if (rewritten === undefined) return { question: ask.question, arms };
  const { question } = rewritten;
  return { question, arms: [...arms, ...rewritten.arms].map(toHalf) };
}

function toHalf(arm: Arm): Arm {
  return arm.weight === undefined ? arm : { ...arm, weight: arm.weight / 2 };
}

/** Every leg of every arm, at the same time. What went wrong is in the legs; throws only AppError invalid_filter. */
export async function search(
  deps: VectorDeps,
  opened: readonly Opened[],
  ask: Ask,
  run: Run,
): Promise<readonly Arm[]> {
  const { retrievers } = ask.retrieval;
  const { snapshots, passedOver } = chooseSnapshots(opened, ask.filter);
  const unopened: Promise<LegResult>[] = passedOver.flatMap(({ collection, why }) =>
    retrievers.map((retriever) => {
      const name = { collection, retriever };
      return why instanceof AppError
        ? reportLeg(name, run, why)
        : runLeg(name, run, () => Promise.resolve({ skipped: why }));
    }),
  );
  const [vectorArms, keywordArms, missing] = await Promise.all([
    retrievers.includes("vector") ? searchByVector(deps, snapshots, ask, run) : [],
    retrievers.includes("keyword") ? searchWords(snapshots, ask, run) : [],
    Promise.all(unopened),
  ]);
  return [...keywordArms, ...vectorArms, { name: "unopened", weight: 0, legs: missing }];
}

async function searchWords(
  snapshots: readonly Snapshot[],
  ask: Ask,
  run: Run,
): Promise<readonly Arm[]> {
  const arm = await searchByKeyword(snapshots, ask, run);
  readAhead(arm, snapshots, run.config.candidatesMax);
  return [arm];
}

/** From this level of pressure on, the context is smaller. */
const PRESSURE_WITH_LESS = 2;

/** What the caller allows; under pressure half of it, because the model's time grows with what it reads. */
async function toPackLimits(ask: Ask, candidates: number, run: Run): Promise<PackLimits> {
  const { passagesMax, contextTokensMax } = ask.retrieval;
  const { documentShareMax } = run.config;
  const less = Math.ceil(passagesMax / 2);
  if (run.pressure.level < PRESSURE_WITH_LESS || candidates <= less) {
    return { passagesMax, contextTokensMax, documentShareMax };
  }
  await run.degrade("context_reduced");
  return { passagesMax: less, contextTokensMax: Math.ceil(contextTokensMax / 2), documentShareMax };
}

function countKept(leg: Leg, passages: readonly Passage[]): number {
  const list = `${leg.collection}/${leg.retriever}`;
  return passages.filter(({ trail }) => list in trail).length;
}
