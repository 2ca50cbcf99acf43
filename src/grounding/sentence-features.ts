/** What speaks for a sentence being the answer to a question, as numbers between 0 and 1. */
import type { Passage } from "../domain/event.ts";
import { findAcronyms, findSpeltOut } from "../text/acronyms.ts";
import { type AnswerType, holdsAnswerType, toAnswerType } from "../text/answer-type.ts";
import { type Kinds, readKinds } from "../text/kinds.ts";
import { holdsMeasure, type Measure, readMeasure, toMeasuredStems } from "../text/measures.ts";
import { toQuestionWords } from "../text/question-words.ts";
import { listContentStems, toWords, type Word } from "../text/words.ts";
import type { Code } from "./code-blocks.ts";
import { readEntry } from "./entries.ts";
import { listHeadings } from "./sections.ts";

export const FEATURES = [
  "coverage",
  "passageCoverage",
  "pairs",
  "similarity",
  "passageScore",
  "passageFirst",
  "answerType",
  "novelty",
  "length",
  "early",
  "isQuestion",
  "rareCoverage",
] as const;
export type Feature = (typeof FEATURES)[number];
export type Features = Readonly<Record<Feature, number>>;

/** A sentence of a passage, with its place in the document. */
export interface Candidate {
  readonly passage: Passage;
  /** From 0 within the passage. */
  readonly position: number;
  readonly text: string;
  /** Offsets into the document's text. */
  readonly start: number;
  readonly end: number;
  readonly words: readonly Word[];
  /** The headings above it in its passage's own text, outermost first; one array for all of a section. */
  readonly section: readonly string[];
  /** The last of them, where it is the term of an entry that this goes on with: `- term: what it means. More of it.` */
  readonly term?: string;
  /** Of a table or a row of it: the row of its columns' names, without which its cells say nothing. */
  readonly header?: Candidate;
  /** Of a table or a row of it: the question names another row, or the table speaks for its rows. Never quoted. */
  readonly isPassedOver?: boolean;
  /**
   * Of a whole list, table or block of code: the words of what leads in to it. They say what all items are, and alone count as what it
   * speaks of: an item that has the words of a question is found by itself.
   */
  readonly lead?: readonly Word[];
  /** Of a block of code with what leads in to it: how it is shown. */
  readonly code?: Code;
}

export interface Question {
  readonly words: readonly Word[];
  /** Words in capitals: `IT` is one of meaning, though "it" is not. */
  readonly acronyms: readonly Word[];
  readonly measure: Measure | undefined;
  /** How something is done: steps and code answer it. */
  readonly asksWay: boolean;
  /** What it asks the kinds of: a list or table of them answers it. */
  readonly kinds: Kinds | undefined;
  /** Content stems, each weighted by how rare it is among the candidates; weights sum to 1. */
  readonly weights: ReadonlyMap<string, number>;
  readonly type: AnswerType;
}

/** Reads the question in the light of the candidates: a word that all of them hold tells little. */
export function readQuestion(question: string, candidates: readonly Candidate[]): Question {
  const words = toQuestionWords(question);
  const measure = readMeasure(question);
  const raw = new Map<string, number>();
  const held = candidates.map((one) => toMeasuredStems(one, measure));
  for (const stem of new Set(words.map((word) => word.stem))) {
    const count = held.filter((stems) => stems.has(stem)).length;
    raw.set(stem, Math.log(1 + (candidates.length + 1) / (count + 0.5)));
  }
  const sum = [...raw.values()].reduce((total, weight) => total + weight, 0);
  const weights = new Map([...raw].map(([stem, weight]) => [stem, weight / (sum || 1)]));
  const acronyms = findAcronyms(question);
  const asksWay = ASKS_WAY.test(question);
  const kinds = readKinds(question);
  return { words, acronyms, measure, asksWay, kinds, weights, type: toAnswerType(question) };
}

export interface Surroundings {
  /** Cosine of question and sentence. */
  readonly similarity: number;
  readonly neighbours: readonly Candidate[];
  /** Stems of the title and the headings above it, the same for all sentences of a section. */
  readonly place: ReadonlySet<string>;
  /** One of these headings is a name that the question has. */
  readonly isPlaceAsked: boolean;
}

/** Where something stands: its document's title and the headings above it, a line each. */
export function toPlace({ passage, section }: Pick<Candidate, "passage" | "section">): string {
  return [...new Set([passage.title, ...listHeadings(passage, section)])].join("\n");
}

/** `bodyLimit`, which one asks for as the body limit. */
const CAMEL_CASE = /(?<![\p{L}\p{N}])\p{Ll}+(?:\p{Lu}\p{Ll}+)+(?![\p{L}\p{N}])/gu;
const HUMP = /(?<=\p{Ll})(?=\p{Lu})/gu;

/** Stems of where something stands, of the words that identifiers there are made of, and of the acronyms that are spelt out there. */
export function toPlaceStems(
  candidate: Candidate,
  { acronyms }: Pick<Question, "acronyms">,
): ReadonlySet<string> {
  const place = toPlace(candidate);
  const words = toWords(
    `${place}\n${place.match(CAMEL_CASE)?.join(" ").replaceAll(HUMP, " ") ?? ""}`,
  );
  const spelt = findSpeltOut(acronyms, words, { isTitle: true });
  return new Set([...words.map(({ stem }) => stem), ...spelt]);
}

/** The features of one candidate. `similarity` is the cosine of question and sentence, 0 where there is none. */
export function toFeatures(
  question: Question,
  candidate: Candidate,
  { similarity, neighbours, place, isPlaceAsked }: Surroundings,
): Features {
  const speaking = candidate.lead ?? candidate.words;
  const { own: stems, share } = toSpeaking(question, candidate, { place, isPlaceAsked });
  const around = new Set([
    ...stems,
    ...place,
    ...neighbours.flatMap((one) => [...toMeasuredStems(one, question.measure)]),
  ]);
  const content = [...new Set(listContentStems(candidate.words))];
  const fresh = content.filter((stem) => !question.weights.has(stem));
  return {
    coverage: sumCovered(question.weights, stems, place, share),
    passageCoverage: sumCovered(question.weights, around),
    pairs: sharePairs(question.words, speaking),
    similarity: Math.max(0, similarity),
    passageScore: Math.min(1, Math.max(0, candidate.passage.score)),
    passageFirst: 1 / candidate.passage.label,
    answerType: holdsAnswer(question, candidate) ? 1 : 0,
    novelty: content.length === 0 ? 0 : fresh.length / content.length,
    length: Math.min(1, candidate.words.length / 20),
    early: 1 / (1 + candidate.position),
    isQuestion: /[?？]\s*$/u.test(candidate.text) ? 1 : 0,
    rareCoverage: rarestCovered(question.weights, stems),
  };
}

function holdsAnswer(question: Question, candidate: Candidate): boolean {
  const { measure, type, weights, asksWay, kinds } = question;
  if (asksWay) return isWay(candidate);
  if (kinds !== undefined && listsKinds(candidate, kinds)) return true;
  if (measure === undefined || measure.kinds.size === 0) {
    return holdsAnswerType(type, candidate, weights);
  }
  return holdsMeasure(candidate.text, measure);
}

function isWay({ lead, code, text }: Candidate): boolean {
  return code !== undefined || (lead !== undefined && STEPS.test(text));
}

/** Is it a list under their name, or a table whose rows are them? */
function listsKinds({ lead, header }: Candidate, { name }: Kinds): boolean {
  if (lead === undefined) return false;
  const columns = header?.words ?? [];
  const above = lead.slice(columns.length);
  return columns[0]?.stem === name || above.some(({ stem }) => stem === name);
}

const ASKS_WAY =
  /^\W*(?:how (?:do|can|should|must|to)|wie (?:kann|muss|soll)|comment|cómo)(?!\p{L})/iu;
/** A numbered list, what leads in to it aside. */
const STEPS = /(?:^|\n)\s*1[.)]\s/u;

/** A sentence mostly names what it speaks of; a row or an item leaves that to where it stands, and one where the question says where. */
const PLACE_SHARE = { sentence: 0.25, block: 1 } as const;

/** What the candidate speaks of by itself, and what a word counts that only its place has: nothing where it tells nothing of the question. */
function toSpeaking(
  { weights, measure, acronyms }: Question,
  { lead, words, text, header, isPassedOver }: Candidate,
  { place, isPlaceAsked }: Pick<Surroundings, "place" | "isPlaceAsked">,
): { readonly own: ReadonlySet<string>; readonly share: number } {
  const named = isPassedOver === true ? [] : (header?.words ?? []);
  const measured = toMeasuredStems({ words: [...(lead ?? words), ...named], text }, measure);
  const spelt = findSpeltOut(acronyms, words, { isTitle: false });
  const own = measured.union(new Set(spelt));
  // What leads in to a list is mostly a heading, and so part of its place too.
  const isTelling = [...weights.keys()].some(
    (stem) => own.has(stem) && (lead !== undefined || !place.has(stem)),
  );
  const isBlock =
    isPlaceAsked || lead !== undefined || named.length > 0 || readEntry(text) !== undefined;
  return { own, share: isTelling ? PLACE_SHARE[isBlock ? "block" : "sentence"] : 0 };
}

/** Weight of the words that are there; `share` of it for those that only `around` has. */
function sumCovered(
  weights: ReadonlyMap<string, number>,
  stems: ReadonlySet<string>,
  around: ReadonlySet<string> = new Set(),
  share = 0,
): number {
  let sum = 0;
  for (const [stem, weight] of weights) {
    if (stems.has(stem)) sum += weight;
    else if (around.has(stem)) sum += share * weight;
  }
  return sum;
}

/** Is the question's most telling word there? */
function rarestCovered(weights: ReadonlyMap<string, number>, stems: ReadonlySet<string>): number {
  const [rarest] = [...weights].toSorted((a, b) => b[1] - a[1]);
  return rarest !== undefined && stems.has(rarest[0]) ? 1 : 0;
}

/** Share of the question's neighbouring content words that are neighbours in the sentence too. */
function sharePairs(question: readonly Word[], sentence: readonly Word[]): number {
  const pairs = toPairs(question);
  if (pairs.size === 0) return 0;
  return pairs.intersection(toPairs(sentence)).size / pairs.size;
}

function toPairs(words: readonly Word[]): Set<string> {
  const stems = listContentStems(words);
  return new Set(stems.slice(1).map((stem, index) => `${stems[index] ?? ""} ${stem}`));
}
