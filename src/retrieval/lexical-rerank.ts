/** A reranker without a model: how many of the question's words a text holds, how close together, in its title, and whether the best texts name it. */
import { HEADING_MARK } from "../domain/chunk.ts";
import type { Reranker } from "../models/model.ts";
import { holdsAnswerType, toAnswerType } from "../text/answer-type.ts";
import { readMeasure } from "../text/measures.ts";
import { toStems } from "../text/stems.ts";
import { isFunctionStem, toWords } from "../text/words.ts";
import { findNamed } from "./find-named.ts";

/**
 * What each sign of an answer is worth. Set by a listwise fit over eight public test collections, each
 * judged with weights fitted on the other seven: +0.01 nDCG@10 on the mean over the fused order.
 */
const WEIGHTS = { coverage: 0.5, nearby: 3, pairs: 0.4, answerType: 1, title: 2 } as const;
/**
 * What it is worth to be named by one of the best texts, where the question does not name it: the next step of a
 * question of several. Chosen on multihop-wiki (All@10 .50 to .56); changes the other seven by less than 0.006.
 */
const NAMED_WEIGHT = 2;
const NAMING_TEXTS = 3;
/** Question words this close together speak of one thing. */
const WINDOWS_WORDS = [12, 24] as const;
/** A first line up to this long is a title or a heading path. */
const TITLE_CHARS_MAX = 200;

/** Creates the reranker; no upstream, well under a millisecond a text. Texts that the best ones name are raised, but not for steps. */
export function createLexicalReranker(): Reranker {
  return { ...createScorer(true), forSteps: createScorer(false) };
}

function createScorer(followsNames: boolean): Reranker {
  return {
    id: "lexical",
    score(question, texts, signal) {
      signal.throwIfAborted();
      return Promise.resolve(scoreAll(question, texts, followsNames));
    },
  };
}

function scoreAll(
  question: string,
  texts: readonly string[],
  followsNames: boolean,
): readonly number[] {
  const asked = toStems(question).filter((stem) => !isFunctionStem(stem));
  if (asked.length === 0) return texts.map(() => 0);
  const known = new Map(asked.map((stem) => [stem, stem]));
  // "How heavy?" is answered by a weight.
  const measure = readMeasure(question);
  for (const stem of measure?.words ?? []) {
    for (const own of measure?.asked ?? []) if (!known.has(stem)) known.set(stem, own);
  }
  const read = texts.map((text) => {
    const stems = toStems(text);
    return { text, stems, places: findPlaces(stems, known) };
  });
  const weights = toWeights(new Set(asked), read);
  const pairs = new Set(asked.slice(1).map((stem, index) => toPair(asked[index], stem)));
  const type = toAnswerType(question);
  const readsNames = type === "person" || type === "place";
  const scores = read.map(({ text, stems, places }) => {
    const nearby = WINDOWS_WORDS.map((width) => weighWindow(places, weights, width));
    const words = readsNames ? toWords(text) : [];
    return (
      WEIGHTS.coverage * weighStems(places, weights) +
      WEIGHTS.nearby * (nearby.reduce((sum, one) => sum + one, 0) / nearby.length) +
      WEIGHTS.pairs * sharePairs(stems, places, pairs) +
      WEIGHTS.answerType * (holdsAnswerType(type, { text, words }, weights) ? 1 : 0) +
      WEIGHTS.title * weighStems(findPlaces(toStems(toTitle(text)), known), weights)
    );
  });
  return followsNames ? addNamed(scores, texts, weights) : scores;
}

/** The line before the text: title and headings. */
function toTitle(text: string): string {
  const end = text.indexOf("\n");
  return end > 0 && end <= TITLE_CHARS_MAX ? text.slice(0, end) : "";
}

/** The scores with what being named is worth: as much more as whoever names it is near the best. */
function addNamed(
  scores: readonly number[],
  texts: readonly string[],
  weights: Weights,
): readonly number[] {
  const best = [...scores.keys()]
    .toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
    .slice(0, NAMING_TEXTS);
  const highest = scores[best[0] ?? 0] ?? 0;
  if (highest <= 0) return scores;
  const passages = texts.map((text) => {
    const [title = ""] = toTitle(text).split(HEADING_MARK);
    return { title, text };
  });
  const isAsked = (stem: string): boolean => weights.has(stem);
  const namedBy = findNamed(passages, best, isAsked);
  return scores.map((score, index) => {
    const naming = namedBy.get(index);
    return naming === undefined ? score : score + (NAMED_WEIGHT * (scores[naming] ?? 0)) / highest;
  });
}

type Weights = ReadonlyMap<string, number>;

/** Rarer among the candidates is worth more; sums to 1. */
function toWeights(
  asked: ReadonlySet<string>,
  read: readonly { readonly places: readonly Place[] }[],
): Weights {
  const holding = new Map<string, number>();
  for (const { places } of read) {
    for (const stem of new Set(places.map((place) => place.stem))) {
      holding.set(stem, (holding.get(stem) ?? 0) + 1);
    }
  }
  const raw = [...asked].map((stem) => {
    const rarity = Math.log(1 + (read.length + 1) / ((holding.get(stem) ?? 0) + 0.5));
    return [stem, rarity] as const;
  });
  const sum = raw.reduce((total, [, weight]) => total + weight, 0);
  return new Map(raw.map(([stem, weight]) => [stem, weight / sum]));
}

/** Where a question word stands. */
interface Place {
  readonly stem: string;
  readonly index: number;
}

/** The only look at every word of a text: all else goes by these. */
function findPlaces(
  stems: readonly string[],
  asked: ReadonlyMap<string, string>,
): readonly Place[] {
  const places: Place[] = [];
  for (let index = 0; index < stems.length; index += 1) {
    const stem = asked.get(stems[index] as string);
    if (stem !== undefined) places.push({ stem, index });
  }
  return places;
}

/** Most weight of question words that stand within `width` words of each other, each counted once. */
function weighWindow(places: readonly Place[], weights: Weights, width: number): number {
  const counts = new Map<string, number>();
  let [from, weight, best] = [0, 0, 0];
  for (const { stem, index } of places) {
    for (; index - (places[from]?.index ?? index) >= width; from += 1) {
      const passed = places[from]?.stem ?? "";
      const left = (counts.get(passed) ?? 0) - 1;
      counts.set(passed, left);
      if (left === 0) weight -= weights.get(passed) ?? 0;
    }
    const count = counts.get(stem) ?? 0;
    counts.set(stem, count + 1);
    if (count === 0) weight += weights.get(stem) ?? 0;
    best = Math.max(best, weight);
  }
  return best;
}

/** Weight of the question words among these, each counted once. */
function weighStems(places: readonly Place[], weights: Weights): number {
  let sum = 0;
  for (const stem of new Set(places.map((place) => place.stem))) sum += weights.get(stem) ?? 0;
  return sum;
}

/** How many of the question's neighbours are neighbours here, words that say nothing left out. */
function sharePairs(
  stems: readonly string[],
  places: readonly Place[],
  pairs: ReadonlySet<string>,
): number {
  if (pairs.size === 0) return 0;
  const found = new Set<string>();
  let previous: Place | undefined;
  for (const place of places) {
    if (previous !== undefined) {
      const pair = toPair(previous.stem, place.stem);
      if (pairs.has(pair) && saysNothing(stems, previous.index + 1, place.index)) found.add(pair);
    }
    previous = place;
  }
  return found.size / pairs.size;
}

/** Is there no word of meaning from one place up to the other? */
function saysNothing(stems: readonly string[], from: number, until: number): boolean {
  for (let index = from; index < until; index += 1) {
    if (!isFunctionStem(stems[index] ?? "")) return false;
  }
  return true;
}

function toPair(first: string | undefined, second: string): string {
  return `${first ?? ""} ${second}`;
}
