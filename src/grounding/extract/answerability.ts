/** Do the passages answer this question, or merely speak of the like? Reads words, their neighbours, names and meaning, no scores. */
import { toReadable } from "../../domain/chunk.ts";
import type { Embedder } from "../../models/model.ts";
import { findAcronyms, findSpeltOut } from "../../text/acronyms.ts";
import { dot } from "../../text/dot.ts";
import { isName } from "../../text/names.ts";
import { readMeasure, toMeasuredStems } from "../../text/measures.ts";
import { toQuestionWords } from "../../text/question-words.ts";
import { toStems } from "../../text/stems.ts";
import { isFunctionStem, toWords, type Word } from "../../text/words.ts";
import { contradicts } from "./contradiction.ts";
import { compareWords, type Likeness, weighStems } from "./likeness.ts";
import { type Candidate, type Features, toPlace } from "../sentence-features.ts";
import { toReadScore } from "./sentence-score.ts";
import { isAskedNounUnknown, isAskedUnknown } from "./unknown-asked.ts";

/** What the judgement rests on, each between 0 and 1. */
export const READINGS = ["windowSimilarity", "known", "pairs", "names", "sentence"] as const;
export type Readings = Readonly<Record<(typeof READINGS)[number], number>>;

export interface Fitted {
  readonly bias: number;
  readonly weights: Readings;
}

/**
 * Logistic regression by scripts/fit-refusal.ts, on questions in English with the passages found for them, the same
 * questions without the documents that answer, and questions that no document answers. Search scores are no
 * part of it: they are relative to what else was found.
 */
const FITTED: Fitted = {
  bias: -4.22,
  weights: {
    windowSimilarity: 1.57,
    known: 2.21,
    pairs: 0.77,
    names: 0.55,
    sentence: 1.21,
  },
};
/** What an answer to something else is worth at most: never sure (`ANSWERABLE_SURE`), but shown where unsure ones are. */
const CONTRADICTED_MAX = 0.25;
/** So close in meaning or spelling, one name stands for the other: `Germany` and `German`, `Celeron` and `Céloron`. */
const NAME_LIKENESS_MIN = 0.6;
/** For a question without names, what those with names have on average: it has none that could be known. */
const NAMES_UNASKED = 0.85;

export interface AnswerabilityInput {
  readonly question: string;
  /** The sentence that answers best, its features, and the sentences beside it. */
  readonly best: Candidate;
  readonly features: Features;
  readonly neighbours: readonly Candidate[];
  readonly candidates: readonly Candidate[];
}

/** What was read. */
export interface Read {
  readonly readings: Readings;
  /** The passages know nothing of what is asked about, or the sentence speaks of something else. */
  readonly objection: "foreign" | "contradicted" | undefined;
  /** Neither is in English, so that words alone count; of those an answer in other words shares fewer. */
  readonly isForeign: boolean;
}

/** What that makes up for, since the weights are those of English; set on the Chinese and the Spanish of XQuAD. */
const FOREIGN_LIFT = 1;

/** Probability, as fitted, that the best sentence answers the question. `embedder` must be local. */
export async function judgeAnswerability(
  input: AnswerabilityInput,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<number> {
  return weigh(await read(input, embedder, signal));
}

/** What was read, as one probability. */
export function weigh(
  { readings, objection, isForeign }: Read,
  { bias, weights }: Fitted = FITTED,
): number {
  if (objection === "foreign") return 0;
  const start = isForeign ? bias + FOREIGN_LIFT : bias;
  const sum = READINGS.reduce((total, name) => total + weights[name] * readings[name], start);
  const answerable = 1 / (1 + Math.exp(-sum));
  return objection === undefined ? answerable : Math.min(answerable, CONTRADICTED_MAX);
}

/** Reads the question beside the best sentence and its passage. `embedder` must be local. */
export async function read(
  input: AnswerabilityInput,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Read> {
  const { question, best, features, neighbours, candidates } = input;
  const place = toPlace(best);
  const window = [place, ...neighbours.map((one) => one.text), best.text].join("\n");
  const words = toWords(question);
  const asked = toQuestionWords(question);
  const text = toReadable(best.passage);
  const there = toWords(`${place}\n${text}`);
  // Of a list in English the question tells the language.
  const knowing = isEnglish(words) || isEnglish(there) ? embedder : undefined;
  const measured = toMeasuredStems({ words: there, text }, readMeasure(question));
  const known = measured.union(findSpelt(question, best));
  const likeness = await compareWords(asked, { words: there, known }, knowing, signal);
  const readings = {
    windowSimilarity:
      knowing === undefined
        ? features.passageCoverage
        : await compareTexts(question, window, knowing, signal),
    known: shareKnown(likeness, await weighStems(asked, knowing, signal)),
    pairs: features.pairs,
    names: toMean(weighNames(question, asked, likeness, candidates)) ?? NAMES_UNASKED,
    sentence: toReadScore(features),
  };
  const isForeign = knowing === undefined;
  const isUnknown = isForeign
    ? isAskedNounUnknown(question, likeness)
    : isAskedUnknown(question, best, likeness);
  const objection = toObjection(input) ?? (isUnknown ? "contradicted" : undefined);
  return { readings, objection, isForeign };
}

/** The acronyms of the question that the passage or its place spells out. */
function findSpelt(question: string, best: Candidate): ReadonlySet<string> {
  const acronyms = findAcronyms(question);
  return new Set([
    ...findSpeltOut(acronyms, toWords(toPlace(best)), { isTitle: true }),
    ...findSpeltOut(acronyms, toWords(toReadable(best.passage)), { isTitle: false }),
  ]);
}

/** Cosine of a question and a text, never below 0. */
async function compareTexts(
  question: string,
  text: string,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<number> {
  const [own] = await embedder.embed([question], "query", signal);
  const [other] = await embedder.embed([text], "document", signal);
  return Math.max(0, dot(own, other));
}

/** Words of English that no language near it has. Of prose one word in eight is one of them. */
const ENGLISH = new Set(
  "the and with that this from which have has are were been their they when what who how would should will you your its".split(
    " ",
  ),
);
const ENGLISH_MIN = 0.02;

/** The bundled table knows the meaning of English words alone: elsewhere its cosines say nothing. */
function isEnglish(words: readonly Word[]): boolean {
  const english = words.filter(({ surface }) => ENGLISH.has(surface.toLowerCase())).length;
  return english >= ENGLISH_MIN * words.length;
}

function toObjection(input: AnswerabilityInput): Read["objection"] {
  if (hasForeignAcronym(input)) return "foreign";
  return contradicts(input) ? "contradicted" : undefined;
}

/** 1 for a name of the question that the passage knows, half for one that only another passage knows. */
function weighNames(
  question: string,
  asked: readonly Word[],
  likeness: Likeness,
  candidates: readonly Candidate[],
): readonly number[] {
  const names = asked.filter((word) => isName(word, question));
  const passages = [...new Set(candidates.map(({ passage }) => passage))];
  return names.map(({ stem }) => {
    if ((likeness.get(stem) ?? 0) >= NAME_LIKENESS_MIN) return 1;
    const isKnown = passages.some((one) =>
      toStems(`${one.title}\n${toReadable(one)}`).includes(stem),
    );
    return isKnown ? 0.5 : 0;
  });
}

/** How close the passage comes to the words of the question, each by how much of its meaning it carries. */
function shareKnown(likeness: Likeness, weights: ReadonlyMap<string, number>): number {
  let [known, all] = [0, 0];
  for (const [stem, like] of likeness) {
    const weight = weights.get(stem) ?? 0;
    known += weight * like;
    all += weight;
  }
  return all === 0 ? 1 : known / all;
}

function toMean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** `CEO` in the question, and nowhere in the passages, nor spelt out: they speak of someone or something else. */
function hasForeignAcronym({ question, candidates }: AnswerabilityInput): boolean {
  if (!/\p{Ll}/u.test(question)) return false;
  const acronyms = toWords(question).filter(({ surface }) => ACRONYM.test(surface));
  if (acronyms.length === 0) return false;
  const there = new Set<string>();
  let initials = "";
  for (const passage of new Set(candidates.map((one) => one.passage))) {
    const place = toPlace({ passage, section: [] });
    for (const stem of findSpeltOut(acronyms, toWords(place), { isTitle: true })) there.add(stem);
    const words = toWords(`${place}\n${toReadable(passage)}`);
    for (const { stem } of words) there.add(stem);
    initials += `${toInitials(words)} `;
  }
  return acronyms.every(({ stem }) => !there.has(stem) && !initials.includes(stem));
}

const ACRONYM = /^\p{Lu}{2,5}(?:['’]s)?$/u;

/** Of words with a capital that follow each other; small words between them do not count. */
function toInitials(words: readonly Word[]): string {
  let initials = "";
  for (const { surface, stem } of words) {
    if (/^\p{Lu}/u.test(surface)) initials += surface[0]?.toLowerCase() ?? "";
    else if (!isFunctionStem(stem)) initials += " ";
  }
  return initials;
}
