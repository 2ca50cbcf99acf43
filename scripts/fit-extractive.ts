/**
 * Fits the weights of the extractive answerer: `node scripts/fit-extractive.ts <set folder> ...` prints
 * those of the sentence score, and those of relevance, for which each set's questions are foreign to the others.
 */
import pMap from "p-map";
import type { Passage, RunEvent } from "../src/domain/event.ts";
import { systemClock } from "../src/async/clock.ts";
import { search } from "../src/answer.ts";
import { scoreSentences } from "../src/grounding/extractive.ts";
import { FEATURES } from "../src/grounding/sentence-features.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { toAsk } from "./eval/answer-set.ts";
import { type AnswerContext, withSet } from "./eval/evaluate-set.ts";

/** One sentence: what speaks for it, and whether it stands in a relevant document and holds a gold answer. */
interface Row {
  readonly features: readonly number[];
  readonly isAnswer: boolean;
  /** So that a set with many questions does not outvote the others. */
  readonly weight: number;
}

const STEPS = 3_000;
const RATE = 0.5;
const DECAY = 1e-4;

/** Questions of each other set that are asked as foreign ones. */
const FOREIGN_QUERIES_MAX = 40;
const RELEVANCE_FEATURES = ["coverage", "passageCoverage", "similarity"] as const;

const sets = await Promise.all(process.argv.slice(2).map(readSet));
const sentenceRows: Row[] = [];
const relevanceRows: Row[] = [];
for (const set of sets) {
  const options = {
    oneCollection: false,
    own: true,
    progress: (text: string) => console.error(text),
  };
  await withSet(set, options, async (context) => {
    sentenceRows.push(...(await toRows(set, context)));
    relevanceRows.push(...(await toRelevanceRows(set, context)));
  });
}
print("sentence", FEATURES, fit(sentenceRows));
print("relevance", RELEVANCE_FEATURES, fit(relevanceRows));

function print(name: string, features: readonly string[], { weights, bias }: Fitted): void {
  const entries = features.map((feature, index) => [feature, weights[index]] as const);
  console.log(JSON.stringify({ name, bias, ...Object.fromEntries(entries) }, undefined, 2));
}

/** The best sentence of each question: of the set's own answerable ones, and of foreign ones. */
async function toRelevanceRows(set: EvalSet, context: AnswerContext): Promise<readonly Row[]> {
  const own = set.queries.filter(({ _id }) => set.judgments.has(_id));
  const foreign = sets
    .filter((other) => other !== set)
    .flatMap(({ queries }) => queries.slice(0, FOREIGN_QUERIES_MAX))
    .map((query) => ({ ...query, metadata: {} }));
  const bestOf = async (query: EvalQuery, isAnswer: boolean): Promise<readonly Row[]> => {
    const [best] = (await score(query, context)).toSorted((a, b) => b.score - a.score);
    if (best === undefined) return [];
    const features = RELEVANCE_FEATURES.map((name) => best.features[name]);
    return [{ features, isAnswer, weight: 1 / (isAnswer ? own.length : foreign.length) }];
  };
  const rows = [
    ...(await pMap(own, (query) => bestOf(query, true), { concurrency: 4 })),
    ...(await pMap(foreign, (query) => bestOf(query, false), { concurrency: 4 })),
  ];
  return rows.flat();
}

async function toRows(set: EvalSet, context: AnswerContext): Promise<readonly Row[]> {
  const answerable = set.queries.filter(({ _id }) => set.judgments.has(_id));
  const perQuery = await pMap(answerable, (query) => toQueryRows(query, set, context), {
    concurrency: 4,
  });
  const sentences = perQuery.flat();
  return sentences.map((row) => ({ ...row, weight: 1 / sentences.length }));
}

async function toQueryRows(
  query: EvalQuery,
  set: EvalSet,
  context: AnswerContext,
): Promise<readonly Row[]> {
  // Where the set marks the sentences an answer rests on, these are what is to be found.
  const gold = query.metadata["selected_sentences"] ?? query.metadata["answers"];
  const golds = toGolds(gold)
    .map(normalise)
    .filter((text) => text !== "");
  const relevant = set.judgments.get(query._id);
  const scored = await score(query, context);
  return scored.map(({ candidate, features }) => ({
    features: FEATURES.map((name) => features[name]),
    isAnswer:
      (relevant?.get(candidate.passage.documentId) ?? 0) > 0 &&
      golds.some((gold) => normalise(candidate.text).includes(gold)),
    weight: 1,
  }));
}

/** The sentences of the passages that the product's own search finds for a query. */
async function score(query: EvalQuery, context: AnswerContext): ReturnType<typeof scoreSentences> {
  const { signal } = new AbortController();
  const { embedder } = context;
  const deps = { ...context, clock: systemClock, log: silentLog, sentenceEmbedder: embedder };
  const events: RunEvent[] = [];
  const isForeign = query.metadata.collection === undefined && query.metadata.lang === undefined;
  const collectionsOf = isForeign ? () => [] : context.collectionsOf;
  const ask = toAsk(query, { ...context, collectionsOf });
  for await (const event of search(deps, ask, signal)) events.push(event);
  const passages = events.flatMap((event): readonly Passage[] =>
    event.type === "retrieval-end" ? event.passages : [],
  );
  return scoreSentences(query.text, passages, embedder, signal);
}

function toGolds(answers: unknown): readonly string[] {
  return Array.isArray(answers) ? answers.flatMap(toGolds) : [String(answers)];
}

function normalise(text: string): string {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !["a", "an", "the"].includes(word)).join(" ");
}

interface Fitted {
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Logistic regression by plain gradient descent, answers and others weighing the same. */
function fit(all: readonly Row[]): Fitted {
  const answers = all.reduce((sum, row) => sum + (row.isAnswer ? row.weight : 0), 0);
  const others = all.reduce((sum, row) => sum + (row.isAnswer ? 0 : row.weight), 0);
  const zeros = (): number[] => (all[0]?.features ?? []).map(() => 0);
  const weights = zeros();
  let bias = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const gradient = zeros();
    let biasGradient = 0;
    for (const { features, isAnswer, weight } of all) {
      let sum = bias;
      for (let index = 0; index < features.length; index += 1) {
        sum += (weights[index] ?? 0) * (features[index] ?? 0);
      }
      const share = isAnswer ? weight / answers : weight / others;
      const error = (1 / (1 + Math.exp(-sum)) - (isAnswer ? 1 : 0)) * share;
      biasGradient += error;
      for (let index = 0; index < features.length; index += 1) {
        gradient[index] = (gradient[index] ?? 0) + error * (features[index] ?? 0);
      }
    }
    bias -= RATE * biasGradient;
    for (let index = 0; index < weights.length; index += 1) {
      weights[index] = (weights[index] ?? 0) * (1 - RATE * DECAY) - RATE * (gradient[index] ?? 0);
    }
  }
  return { weights, bias };
}
