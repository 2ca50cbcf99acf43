/** Loads a set into a fresh store, ranks its queries by every arm, and measures. */
import { mkdtemp, rm } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pMap from "p-map";
import { type Clock, systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Embedder } from "../../src/models/model.ts";
import { createLanceStore } from "../../src/node/lance/lance-store.ts";
import { createEmbedders } from "../../src/node/wire.ts";
import { type Log, silentLog } from "../../src/telemetry/log.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";
import type { EvalQuery, EvalSet } from "./beir.ts";
import type { AnswerLine } from "./answer-set.ts";
import { toAsk } from "./to-ask.ts";
import { loadSet } from "./load-set.ts";
import { PATIENT_SEARCH_ENV } from "../patient-env.ts";
import { evaluate, type Metrics, type Rankings } from "./metrics.ts";
import { type ArmName, ARMS, type RankDeps, rankDocuments } from "./rank.ts";

export interface EvaluateOptions {
  readonly oneCollection: boolean;
  /** Ask each query only in the collection that its metadata names. */
  readonly own: boolean;
  readonly vectorWeight?: number;
  readonly progress: (text: string) => void;
  readonly answer: ((context: AnswerContext) => Promise<readonly AnswerLine[]>) | undefined;
}

/** What a question of the set is answered with, through the product's own run. */
export interface AnswerContext extends RankDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly sentenceEmbedder: Embedder;
  readonly collectionsOf: (query: EvalQuery) => readonly string[];
}

/** Each question asked in the collection of its own. */
export const OWN_COLLECTIONS = {
  oneCollection: false,
  own: true,
  progress: (text: string): void => console.error(text),
} as const;

export interface SetReport {
  readonly name: string;
  readonly collections: readonly string[];
  readonly queries: number;
  readonly msPerQuery: number;
  readonly arms: Readonly<Record<ArmName, Metrics>>;
  readonly rankings: Readonly<Record<string, Rankings>>;
  readonly answers: readonly AnswerLine[];
}

/** Measures one set with the lexical reranker and the embedder that the settings name. The store is thrown away. */
export async function evaluateSet(set: EvalSet, options: EvaluateOptions): Promise<SetReport> {
  return withSet(set, options, async (context, collections) => {
    options.progress(`asking ${set.queries.length} questions`);
    const { rankings, msPerQuery } = await rankAll(set, context, options.vectorWeight);
    return {
      name: set.name,
      collections,
      queries: set.judgments.size,
      msPerQuery,
      arms: toMetrics(rankings, set),
      rankings,
      answers: (await options.answer?.(context)) ?? [],
    };
  });
}

/** Loads a set into a store in a temporary folder, for the time of the work. */
export async function withSet<T>(
  set: EvalSet,
  options: Pick<EvaluateOptions, "oneCollection" | "own" | "progress">,
  work: (context: AnswerContext, collections: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-eval-"));
  try {
    // What is measured is what is found, and not how busy the machine is.
    const config = parseConfig({ ...process.env, ...PATIENT_SEARCH_ENV });
    const store = await createLanceStore({ uri: folder, config, clock: systemClock });
    const { byId, forIngest: embedder, bundled } = await createEmbedders(config);
    options.progress(`loading ${set.name}: ${set.documents.length} documents, by ${embedder.id}`);
    const { signal } = new AbortController();
    const { oneCollection } = options;
    const collections = await loadSet(set, { store, embedder, oneCollection, signal });
    const collectionsOf = (query: EvalQuery): readonly string[] =>
      options.own ? collections.filter((name) => isOwn(query, name)) : collections;
    const context: AnswerContext = {
      config,
      clock: systemClock,
      log: silentLog,
      store,
      sentenceEmbedder: bundled,
      embedders: byId,
      rerankers: { lexical: createLexicalReranker() },
      collectionsOf,
    };
    return await work(context, collections);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isOwn({ metadata }: EvalQuery, name: string): boolean {
  return name === metadata.collection || name === metadata.lang;
}

async function rankAll(
  set: EvalSet,
  context: AnswerContext,
  vectorWeight: number | undefined,
): Promise<{ rankings: Record<ArmName, Map<string, readonly string[]>>; msPerQuery: number }> {
  const rankings = { vector: new Map(), keyword: new Map(), fused: new Map(), reranked: new Map() };
  const judged = set.queries.filter(({ _id }) => set.judgments.has(_id));
  const startMs = performance.now();
  await pMap(
    judged,
    async (query) => {
      await nextTurn(); // in memory a question never waits, and the next would starve everything else
      const ranked = await rankDocuments(context, toAsk(query, context, vectorWeight));
      for (const arm of ARMS) rankings[arm].set(query._id, ranked[arm]);
    },
    { concurrency: 4 },
  );
  const msPerQuery = Math.round(((performance.now() - startMs) / judged.length) * 10) / 10;
  return { rankings, msPerQuery };
}

function toMetrics(
  rankings: Record<ArmName, Rankings>,
  set: EvalSet,
): Readonly<Record<ArmName, Metrics>> {
  return {
    vector: evaluate(rankings.vector, set.judgments),
    keyword: evaluate(rankings.keyword, set.judgments),
    fused: evaluate(rankings.fused, set.judgments),
    reranked: evaluate(rankings.reranked, set.judgments),
  };
}
