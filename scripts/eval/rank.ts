/** Ranks a set's documents for its queries, arm by arm, through the product's own search. */
import { systemClock } from "../../src/async/clock.ts";
import type { Config } from "../../src/config.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { Embedder } from "../../src/models/model.ts";
import { fuse } from "../../src/retrieval/fuse.ts";
import type { Arm } from "../../src/retrieval/leg.ts";
import { openCollections } from "../../src/retrieval/open-collections.ts";
import { rerank, type Rerankers } from "../../src/retrieval/rerank.ts";
import { search } from "../../src/retrieval/retrieve.ts";
import { type Found, take } from "../../src/retrieval/take.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { startRun } from "../../src/run.ts";
import type { ReadStore } from "../../src/stores/store.ts";

export interface RankDeps {
  readonly config: Config;
  readonly store: ReadStore;
  readonly embedders: ReadonlyMap<string, Embedder>;
  readonly rerankers: Rerankers;
}

export const ARMS = ["vector", "keyword", "fused", "reranked"] as const;
export type ArmName = (typeof ARMS)[number];
export type RankedArms = Readonly<Record<ArmName, readonly string[]>>;

/** Chunks whose text is taken: enough that a hundred documents remain. */
const CANDIDATES_MAX = 200;

/** Document ids for one question, best first, for each arm. A document ranks by its best chunk. */
export async function rankDocuments(deps: RankDeps, ask: Ask): Promise<RankedArms> {
  const run = startRun({
    config: deps.config,
    clock: systemClock,
    log: silentLog,
    deadlineMs: deps.config.deadlineMsMax,
    parent: new AbortController().signal,
    emit: () => Promise.resolve(),
  });
  try {
    const opened = await openCollections(deps.store, ask.collections, run);
    const arms = await search(deps, opened, ask, run);
    const failed = arms
      .flatMap(({ legs }) => legs)
      .filter(({ leg }) => leg.status !== "found" && leg.status !== "skipped");
    if (failed.length > 0) throw new Error(`a leg failed: ${JSON.stringify(failed[0]?.leg)}`);
    const snapshots = opened.flatMap((one) => ("snapshot" in one ? [one.snapshot] : []));
    const toFound = (some: readonly Arm[]): Promise<readonly Found[]> =>
      take(fuse(some).slice(0, CANDIDATES_MAX), snapshots, run);
    const isVector = ({ name }: Arm): boolean => name.startsWith("vector");
    const [vector, keyword, fused] = await Promise.all([
      toFound(arms.filter(isVector)),
      toFound(arms.filter((arm) => !isVector(arm))),
      toFound(arms),
    ]);
    const { candidatesMax } = deps.config;
    const top = await rerank(fused.slice(0, candidatesMax), ask.question, {
      mode: ask.retrieval.rerank,
      rerankers: deps.rerankers,
      run,
    });
    return {
      vector: toDocuments(vector),
      keyword: toDocuments(keyword),
      fused: toDocuments(fused),
      reranked: toDocuments([...top, ...fused.slice(candidatesMax)]),
    };
  } finally {
    run.deadline[Symbol.dispose]();
  }
}

function toDocuments(found: readonly Found[]): readonly string[] {
  return [...new Set(found.map(({ chunk }) => chunk.documentId))].slice(0, 100);
}
