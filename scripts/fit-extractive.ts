/**
 * Fits the weights of the extractive answerer: `node scripts/fit-extractive.ts <set folder> ...` prints
 * those of the sentence score.
 */
import pMap from "p-map";
import { scoreSentences } from "../src/grounding/extract/extractive.ts";
import { FEATURES } from "../src/grounding/sentence-features.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { type Fitted, fit, type Row } from "./eval/logistic.ts";
import { type AnswerContext, OWN_COLLECTIONS, withSet } from "./eval/evaluate-set.ts";
import { findPassages } from "./eval/find-passages.ts";
import { toAsk } from "./eval/to-ask.ts";
import { listFolders } from "./eval/missing.ts";

const DECAY = 1e-4;

const sets = await Promise.all(
  listFolders("node scripts/fit-extractive.ts <set folder> ...").map(readSet),
);
const sentenceRows: Row[] = [];
for (const set of sets) {
  await withSet(set, OWN_COLLECTIONS, async (context) => {
    sentenceRows.push(...(await toRows(set, context)));
  });
}
print("sentence", FEATURES, fit(sentenceRows, DECAY));

function print(name: string, features: readonly string[], { weights, bias }: Fitted): void {
  const entries = features.map((feature, index) => [feature, weights[index]] as const);
  console.log(JSON.stringify({ name, bias, ...Object.fromEntries(entries) }, undefined, 2));
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
  const isForeign = query.metadata.collection === undefined && query.metadata.lang === undefined;
  const collectionsOf = isForeign ? () => [] : context.collectionsOf;
  const passages = await findPassages(context, toAsk(query, { ...context, collectionsOf }));
  return scoreSentences(query.text, passages, context.sentenceEmbedder, signal);
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
