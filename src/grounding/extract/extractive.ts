/** The answerer without a model: the sentences of the passages that answer best, word for word. */
import type { Passage } from "../../domain/event.ts";
import type { Embedder } from "../../models/model.ts";
import { dot } from "../../text/dot.ts";
import { toExact } from "../../text/exact.ts";
import { isNegated } from "../../text/negation.ts";
import { listContentStems } from "../../text/words.ts";
import { type AnswerabilityInput, judgeAnswerability } from "./answerability.ts";
import { answerBelow } from "./asked-heading.ts";
import { chooseSides, meets } from "./both-sides.ts";
import { toCandidates } from "./candidates.ts";
import { joinCutLists } from "./cut-lists.ts";
import { embedTexts } from "./embed-texts.ts";
import { createFewerNamesTest } from "./fewer-names.ts";
import { createNamingTest, createOtherTest } from "./identifiers.ts";
import {
  type Candidate,
  type Features,
  readQuestion,
  toFeatures,
  toPlaceStems,
} from "../sentence-features.ts";
import { sumWeighted, toScore } from "./sentence-score.ts";
import { createSectionTests, createSiblingTest } from "./siblings.ts";
import { countItems } from "../lists.ts";
import { isRest, isTableLine, markRows } from "../table-rows.ts";

/** A sentence chosen as part of the answer. */
export interface Chosen {
  readonly candidate: Candidate;
  /** Probability, as fitted, that it holds the answer. */
  readonly score: number;
}

export interface Scored extends Chosen {
  readonly features: Features;
  /** The candidates right before and after it in its passage. */
  readonly neighbours: readonly Candidate[];
}

export interface Extract {
  /** What the best sentence stands in first, then the rest. Empty: nothing answers. */
  readonly chosen: readonly Chosen[];
  /** Probability, as fitted, that the passages answer the question. */
  readonly answerable: number;
}

/** Below this nothing is quoted: on squad-open it costs next to no right answer. */
export const ANSWERABLE_MIN = 0.18;
/** From here on the answer is sure: below are six in ten of the questions that no document answers, and fewer than 1 in 10 with an answer. */
export const ANSWERABLE_SURE = 0.36;
const SENTENCES_MAX = 3;
/** A further sentence must be at least this good next to the best one: in its passage, and from another. */
const SAME_PASSAGE_SHARE = 0.25;
const OTHER_PASSAGE_SHARE = 0.8;
/**
 * And so good by itself: on squad-open answers have 2.0 sentences instead of 2.9, and 86 instead of 88 of 100 hold
 * the gold answer, 65 instead of 47 in their first sentence.
 */
const OWN_SHARE = 0.5;
const OWN = ["coverage", "similarity", "answerType"] as const;
/** Two sentences that share this much of their content words say the same. */
const OVERLAP_MAX = 0.7;
/** What the score of a bare row, or of what merely names a thing, counts next to that of a sentence. */
const LESS_SHARE = 0.5;
/** What is about something else than the identifier of the question, or its sibling: too little to be quoted beside what has it. */
const OTHER_SHARE = 0.1;

/** Chooses the sentences, for both sides of a comparison. `embedder` must be local: it sees every sentence of every passage. */
export async function extract(
  question: string,
  passages: readonly Passage[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Extract> {
  const choose = (asked: string): Promise<Extract> => chooseFor(asked, passages, embedder, signal);
  const both = await chooseSides(question, choose);
  if (both === undefined) return choose(question);
  return { ...both, answerable: Math.max(both.answerable, ANSWERABLE_MIN) };
}

async function chooseFor(
  question: string,
  passages: readonly Passage[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Extract> {
  const scored = await scoreSentences(question, passages, embedder, signal);
  const ranked = scored.toSorted((a, b) => b.score - a.score);
  const [best] = ranked;
  if (best === undefined) return { chosen: [], answerable: 0 };
  const below = findBelow(question, best, scored);
  const [judged = best] = below;
  const answerable = await judgeAnswerability(toInput(question, judged, scored), embedder, signal);
  if (answerable < ANSWERABLE_MIN) return { chosen: [], answerable };
  if (below.length > 0) return { chosen: below, answerable };
  const chosen: Chosen[] = [best];
  const hasFewerNames = createFewerNamesTest(question, best.candidate.passage);
  for (const one of ranked.slice(1)) {
    if (chosen.length >= SENTENCES_MAX) break;
    const isSame = one.candidate.passage.label === best.candidate.passage.label;
    const share = isSame ? SAME_PASSAGE_SHARE : OTHER_PASSAGE_SHARE;
    if (one.score < best.score * share) continue;
    if (toOwn(one) < toOwn(best) * OWN_SHARE) continue;
    if (hasFewerNames(one.candidate.passage)) continue;
    if (!chosen.some((other) => meets(one, other) || overlaps(one, other))) chosen.push(one);
  }
  const inOrder = orderForReading(joinItems(chosen, scored));
  return { chosen: joinCutLists(inOrder, scored), answerable };
}

/** Every sentence of the passages with its score and features; for fitting and for tests. */
export async function scoreSentences(
  question: string,
  passages: readonly Passage[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<readonly Scored[]> {
  const found = passages.flatMap(toCandidates);
  if (found.length === 0) return [];
  const similarities = await compareAll(question, found, embedder, signal);
  const read = readQuestion(question, found);
  const isOther = createOtherTest(question, found);
  const candidates = markRows(found, read, isOther);
  const isNaming = createNamingTest(question, found);
  const isOfSiblingName = createSiblingTest(question);
  const { isUnderName, isOfSibling } = createSectionTests(question, found);
  const places = new Map<readonly string[], ReadonlySet<string>>();
  for (const one of found) {
    if (!places.has(one.section)) places.set(one.section, toPlaceStems(one, read));
  }
  return candidates.map((candidate, index) => {
    const neighbours = [candidates[index - 1], candidates[index + 1]]
      .filter((one) => one !== undefined)
      .filter((one) => isBeside(one, candidate));
    const features = toFeatures(read, candidate, {
      similarity: similarities[index] ?? 0,
      neighbours,
      place: places.get(candidate.section) ?? new Set(),
      isPlaceAsked: isUnderName(candidate),
    });
    const isElsewhere = isOfSiblingName(candidate) || isOfSibling(candidate) || isOther(candidate);
    const isBare = (readsBadly(candidate) && !isUnderName(candidate)) || isNaming(candidate);
    const share = (isBare ? LESS_SHARE : 1) * (isElsewhere ? OTHER_SHARE : 1);
    const score = candidate.isPassedOver === true ? 0 : share * toScore(features);
    return { candidate, features, neighbours, score };
  });
}

/** What is read to judge whether the best sentence answers. */
export function toInput(
  question: string,
  { candidate, features, neighbours }: Scored,
  scored: readonly Scored[],
): AnswerabilityInput {
  const { header, lead } = candidate;
  return {
    question,
    best: candidate,
    features,
    neighbours: header === undefined || lead !== undefined ? neighbours : [header, ...neighbours],
    candidates: scored.map((one) => one.candidate),
  };
}

function isBeside(one: Candidate, other: Candidate): boolean {
  return one.passage === other.passage && Math.abs(one.position - other.position) === 1;
}

/** What speaks for the sentence itself, and is not the same for all of its passage. */
function toOwn({ features }: Scored): number {
  return sumWeighted(features, OWN);
}

/**
 * A row without the names of its columns, the rest of a table without its beginning, or a `name: value` line: it holds
 * facts, but says little of them by itself.
 */
function readsBadly(candidate: Candidate): boolean {
  const { text, lead, header } = candidate;
  if (lead !== undefined || header !== undefined) return isRest(candidate);
  return isTableLine(text) || /^[\p{L}\p{N}_ -]{1,30}[:：]\s*\S+$/u.test(text);
}

/** Cosine of the question and each candidate; none where no word of the question is known. */
async function compareAll(
  question: string,
  candidates: readonly Candidate[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const [asked] = await embedder.embed([question], "query", signal);
  if (asked === undefined) return [];
  const texts = candidates.map(({ text }) => text);
  return (await embedTexts(embedder, texts, signal)).map((vector) => dot(asked, vector));
}

/** What stands under the very question, up to the most that is quoted; empty where the best sentence comes later in it. */
function findBelow(question: string, best: Scored, scored: readonly Scored[]): readonly Scored[] {
  const below = answerBelow(question, scored);
  const beginning: Scored[] = [];
  for (const one of below) {
    if (beginning.length >= SENTENCES_MAX) break;
    if (!beginning.some((other) => meets(one, other))) beginning.push(one);
  }
  const isLater =
    below.some((one) => meets(one, best)) && !beginning.some((one) => meets(one, best));
  return isLater ? [] : beginning;
}

/**
 * Several items of one list are quoted as the list: part of it would look like all of it. The rest of a table is none:
 * rows that the question names stand there for themselves.
 */
function joinItems(chosen: readonly Chosen[], scored: readonly Scored[]): readonly Chosen[] {
  const lists = scored.filter(
    ({ candidate }) => candidate.lead !== undefined && !isRest(candidate),
  );
  return lists.reduce<readonly Chosen[]>((all, list) => {
    const items = all.filter((one) => meets(one, list));
    if (countItems(items.map((one) => one.candidate)) < 2) return all;
    const score = Math.max(...items.map((one) => one.score));
    return [...all.filter((one) => !items.includes(one)), { ...list, score }];
  }, chosen);
}

function overlaps(a: Chosen, b: Chosen): boolean {
  const first = toContent(a.candidate);
  const second = toContent(b.candidate);
  const smaller = Math.min(first.size, second.size);
  const isAlike = smaller > 0 && first.intersection(second).size / smaller >= OVERLAP_MAX;
  return isAlike && !differs(a.candidate.text, b.candidate.text);
}

/** One denies it and the other does not, or each has a number or a name that the other lacks. */
function differs(a: string, b: string): boolean {
  if (isNegated(a) !== isNegated(b)) return true;
  const [first, second] = [toExact(a), toExact(b)];
  return !first.isSubsetOf(second) && !second.isSubsetOf(first);
}

function toContent({ words }: Candidate): ReadonlySet<string> {
  return new Set(listContentStems(words));
}

/** The best passage first; in a passage first what the best sentence stands in, and then the rest, each in reading order. */
function orderForReading(chosen: readonly Chosen[]): readonly Chosen[] {
  const scoreOf = (all: readonly Chosen[]): number => Math.max(...all.map(({ score }) => score));
  const byScore = (a: readonly Chosen[], b: readonly Chosen[]): number => scoreOf(b) - scoreOf(a);
  const byPassage = [...Map.groupBy(chosen, ({ candidate }) => candidate.passage.label).values()];
  return byPassage.toSorted(byScore).flatMap((ofPassage) => {
    const runs = toRuns(ofPassage.toSorted((a, b) => a.candidate.start - b.candidate.start));
    const [best = []] = runs.toSorted(byScore);
    return [...best, ...runs.filter((run) => run !== best).flat()];
  });
}

/** Sentences that follow one another in a paragraph stay together: the second may lean on the first. */
function toRuns(sentences: readonly Chosen[]): readonly (readonly Chosen[])[] {
  const runs: Chosen[][] = [];
  for (const one of sentences) {
    const last = runs.at(-1)?.at(-1)?.candidate;
    if (last !== undefined && isContinued(last, one.candidate)) runs.at(-1)?.push(one);
    else runs.push([one]);
  }
  return runs;
}

function isContinued(before: Candidate, { passage, position, start }: Candidate): boolean {
  if (position !== before.position + 1) return false;
  const between = passage.text.slice(before.end - passage.start, start - passage.start);
  return !/\n\s*\n/u.test(between);
}
