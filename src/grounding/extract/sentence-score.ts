/** How well a sentence answers, by its features. */
import { type Feature, FEATURES, type Features } from "../sentence-features.ts";

/**
 * Is this the sentence that answers? Fitted by scripts/fit-extractive.ts: logistic regression over the features. But for
 * `pairs`: beside the words themselves they were fitted to -1.53, and at 0.5 the best sentence answers more questions on
 * squad-open, 0.756 instead of 0.742, and in each language of xquad as many or more.
 */
const WEIGHTS: Readonly<Record<Feature, number>> = {
  coverage: 3.47,
  passageCoverage: 0.56,
  pairs: 0.5,
  similarity: 1.83,
  passageScore: 4.09,
  passageFirst: 0.9,
  answerType: 1.66,
  novelty: -0.45,
  length: 0.77,
  early: 1.16,
  isQuestion: 0.2,
  rareCoverage: -0.19,
};
const BIAS = -6.44;
/** What the search says of the passage, and not the sentence itself: among passages that speak of the like, one is always first. */
const SEARCHED: ReadonlySet<Feature> = new Set(["passageScore", "passageFirst"]);
const READ = FEATURES.filter((name) => !SEARCHED.has(name));
/** Half way between sentences that answer and those that do not. */
const READ_BIAS = -3;

/** Probability, as fitted, that the sentence holds the answer. */
export function toScore(features: Features): number {
  return toProbability(sumWeighted(features, FEATURES) + BIAS);
}

/** How well it answers by itself, from 0 to 1: the same without the scores of the search. */
export function toReadScore(features: Features): number {
  return toProbability(sumWeighted(features, READ) + READ_BIAS);
}

/** What some of its features say for it. */
export function sumWeighted(features: Features, names: readonly Feature[]): number {
  return names.reduce((sum, name) => sum + WEIGHTS[name] * features[name], 0);
}

function toProbability(sum: number): number {
  return 1 / (1 + Math.exp(-sum));
}
