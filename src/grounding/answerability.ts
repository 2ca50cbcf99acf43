/** Do the passages answer this question, or merely speak of the like? Reads words, numbers, neighbours and names, no scores. */
import type { Embedder } from "../models/model.ts";
import { dot } from "../text/dot.ts";
import { toQuantities } from "../text/numbers.ts";
import { isFunctionStem, toWords, type Word } from "../text/words.ts";
import { contradicts } from "./contradiction.ts";
import type { Candidate, Features } from "./sentence-features.ts";

/**
 * Logistic regression by scripts/fit-refusal.ts, on questions with the passages found for them and the
 * same questions without the passages that answer: none of these features depends on what else was found.
 */
export const ANSWERABILITY = {
  coverage: -2.16,
  passageCoverage: 3.47,
  similarity: 2.69,
  number: 0.43,
  likeness: 4.55,
  rareCoverage: 1.01,
  pairs: 3.32,
} as const;
const BIAS = -6.25;
/** What an answer to something else is worth at most: never sure (`ANSWERABLE_SURE`), but shown where unsure ones are. */
const CONTRADICTED_MAX = 0.2;

export type Readings = Readonly<Record<keyof typeof ANSWERABILITY, number>>;

export interface AnswerabilityInput {
  readonly question: string;
  /** The sentence that answers best, its features, and the sentences beside it. */
  readonly best: Candidate;
  readonly features: Features;
  readonly neighbours: readonly Candidate[];
  readonly candidates: readonly Candidate[];
}

/** Probability, as fitted, that the best sentence answers the question. `embedder` must be local. */
export async function judgeAnswerability(
  input: AnswerabilityInput,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<number> {
  if (hasForeignAcronym(input)) return 0;
  const readings = await toReadings(input, embedder, signal);
  const names = Object.keys(ANSWERABILITY) as (keyof Readings)[];
  const sum = names.reduce((total, name) => total + ANSWERABILITY[name] * readings[name], BIAS);
  const answerable = 1 / (1 + Math.exp(-sum));
  return contradicts(input) ? Math.min(answerable, CONTRADICTED_MAX) : answerable;
}

/** What the judgement rests on, each between 0 and 1. */
export async function toReadings(
  { question, best, features, neighbours }: AnswerabilityInput,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Readings> {
  const { title, location } = best.passage;
  const around = [title, ...location.headings, best.text, ...neighbours.map(({ text }) => text)];
  const window = around.join("\n");
  const given = new Set(toQuantities(window).map(({ value }) => value));
  const numbers = toQuantities(question).map(({ value }) => value);
  const asked = toWords(question).filter(({ stem }) => !isFunctionStem(stem));
  const { coverage, passageCoverage, similarity, rareCoverage, pairs } = features;
  return {
    coverage,
    passageCoverage,
    similarity,
    rareCoverage,
    pairs,
    number:
      numbers.length === 0 ? 1 : numbers.filter((one) => given.has(one)).length / numbers.length,
    likeness: await compare(asked, toWords(window), embedder, signal),
  };
}

/** `CEO` in the question, and nowhere in the passages, nor spelled out: they speak of someone or something else. */
function hasForeignAcronym({ question, candidates }: AnswerabilityInput): boolean {
  if (!/\p{Ll}/u.test(question)) return false;
  const acronyms = toWords(question).filter(({ surface }) => ACRONYM.test(surface));
  if (acronyms.length === 0) return false;
  const there = new Set<string>();
  let initials = "";
  for (const passage of new Set(candidates.map((one) => one.passage))) {
    const words = toWords([passage.title, ...passage.location.headings, passage.text].join("\n"));
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

/** How close, on average, each word asked is to the closest word there; 1 where it is that word. */
async function compare(
  asked: readonly Word[],
  there: readonly Word[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<number> {
  if (asked.length === 0) return 1;
  const stems = new Set(there.map(({ stem }) => stem));
  const open = asked.filter(({ stem }) => !stems.has(stem));
  if (open.length === 0) return 1;
  const words = [...new Set([...open, ...there].map(toSurface))];
  const vectors = new Map<string, Float32Array | undefined>();
  for (let from = 0; from < words.length; from += embedder.batchMax) {
    const batch = words.slice(from, from + embedder.batchMax);
    const embedded = await embedder.embed(batch, "document", signal);
    for (const [index, word] of batch.entries()) vectors.set(word, embedded[index]);
  }
  const close = open.map((word) => {
    const vector = vectors.get(toSurface(word));
    return Math.max(0, ...there.map((one) => dot(vector, vectors.get(toSurface(one)))));
  });
  const sum = close.reduce((total, one) => total + one, asked.length - open.length);
  return sum / asked.length;
}

function toSurface({ surface }: Word): string {
  return surface.toLowerCase();
}
