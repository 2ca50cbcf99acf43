/** Does the evidence carry a sentence? A deterministic reading: what is exact must occur, what is said must be covered. */
import type { Passage, SentenceCheck } from "../domain/event.ts";
import { withoutListMark } from "../text/list-mark.ts";
import { type Quantity, toQuantities } from "../text/numbers.ts";
import { holdsQuantity } from "../text/quantity-index.ts";
import type { Span } from "../text/sentences.ts";
import { isFunctionStem, toContentStems, toWords, type Word } from "../text/words.ts";
import { type Evidence, type Reading, readText, toEvidence, toLine } from "./evidence.ts";

export type Verdict = SentenceCheck["verdict"];

/** Shares of the sentence's content words that must be in the evidence. Set by scripts/eval-checks.ts. */
export const THRESHOLDS = { supported: 0.6, weak: 0.5, local: 0.75, sure: 0.9 } as const;

/** With fewer plain words than these, that one sentence says the same shows nothing. */
const PLAIN_MIN = 3;

/**
 * `unsupported` when a number, name or quotation of the sentence is nowhere in the evidence, or not in
 * the sentence that otherwise says the same, or that one says the opposite, or hardly a word is there;
 * `supported` when everything exact is there and most words are; `weak` in between.
 */
export function checkSentence(claim: string, evidence: readonly Evidence[]): Verdict {
  const sentence = withoutListMark(claim);
  const words = toWords(sentence);
  const content = new Set(words.map(({ stem }) => stem).filter((stem) => !isFunctionStem(stem)));
  if (content.size === 0) return "weak"; // it says nothing that could be checked
  const quantities = toQuantities(sentence);
  const spelled = new Set(words.filter((word) => isSpelled(word, quantities)).map(toStem));
  const named = toNames(words);
  const measured = new Set(words.filter((word) => isMeasured(word, quantities)).map(toStem));
  const names = named.filter((stem) => !measured.has(stem));
  if (!occur(names, quantities, evidence)) return "unsupported";
  if (toQuotations(sentence).some((line) => !evidence.some((one) => one.line.includes(line)))) {
    return "unsupported";
  }
  const missing = [...content].filter(
    (stem) => !spelled.has(stem) && !evidence.some((one) => one.stems.has(stem)),
  ).length;
  const coverage = 1 - missing / content.size;
  if (coverage < THRESHOLDS.weak) return "unsupported";
  const exact = new Set([...named, ...spelled]);
  const plain = [...content].filter((stem) => !exact.has(stem));
  const nearest = findNearest(plain, evidence);
  if (nearest !== undefined && nearest.share >= THRESHOLDS.local && plain.length >= PLAIN_MIN) {
    const isOpposite = readText(sentence).isNegated !== nearest.isNegated;
    if (isOpposite || !occur(names, quantities, nearest.around)) {
      return nearest.share >= THRESHOLDS.sure ? "unsupported" : "weak";
    }
  }
  return coverage >= THRESHOLDS.supported ? "supported" : "weak";
}

/** Words with a capital that do not merely begin the sentence, and words with a digit that are no number. */
function toNames(words: readonly Word[]): readonly string[] {
  return words.flatMap(({ surface, stem }, index) => {
    if (/^\p{N}+(?:st|nd|rd|th|s)?$/u.test(surface) || isFunctionStem(stem)) return [];
    const isName = index > 0 && /^\p{Lu}/u.test(surface) && surface.length > 1;
    return isName || /\p{L}.*\p{N}/u.test(surface) ? [stem] : [];
  });
}

/** Is the word a number with its unit, or part of one? `10BASE5` goes on behind it, and is a name. */
function isMeasured({ start, surface }: Word, quantities: readonly Quantity[]): boolean {
  const end = start + surface.length;
  const isCased = /[\p{Lu}\p{Ll}]/u.test(surface);
  return quantities.some(
    (one) => start < one.unitEnd && end > one.start && (end <= one.unitEnd || !isCased),
  );
}

/** Is the word part of a number? Such are compared by value. */
function isSpelled({ start, surface }: Word, quantities: readonly Quantity[]): boolean {
  return quantities.some((one) => start < one.end && start + surface.length > one.start);
}

function toStem({ stem }: Word): string {
  return stem;
}

function occur(
  names: readonly string[],
  quantities: readonly Quantity[],
  readings: readonly Pick<Reading, "stems" | "quantities">[],
): boolean {
  return (
    names.every((stem) => readings.some(({ stems }) => stems.has(stem))) &&
    quantities.every((quantity) => readings.some((reading) => holds(reading, quantity)))
  );
}

/** The same value, and no other unit. `one` is as often a pronoun as a number. */
function holds({ quantities }: Pick<Reading, "quantities">, quantity: Quantity): boolean {
  if (holdsQuantity(quantities, quantity)) return true;
  const { value, unit, isFar } = quantity;
  return value === "1" && (unit === undefined || isFar === true) && !quantities.has(value);
}

/** The sentence of the evidence with most of the claim's plain words, and what stands around it. */
function findNearest(
  plain: readonly string[],
  evidence: readonly Evidence[],
): { share: number; isNegated: boolean; around: readonly Reading[] } | undefined {
  let best: { shared: number; isNegated: boolean; around: readonly Reading[] } | undefined;
  for (const { sentences, heading } of evidence) {
    for (const one of sentences) {
      const shared = plain.filter((stem) => one.content.has(stem)).length;
      if (best !== undefined && shared <= best.shared) continue;
      const around = [heading, one];
      best = { shared, isNegated: one.isNegated, around };
    }
  }
  if (best === undefined || plain.length === 0) return undefined;
  return { ...best, share: best.shared / plain.length };
}

const QUOTATION = /["“„«]([^"“”„«»]{12,400})["”»]/gu;
const QUOTATION_WORDS_MIN = 3;

/** Quoted spans of some length, as they would stand in the evidence. */
function toQuotations(sentence: string): readonly string[] {
  return [...sentence.matchAll(QUOTATION)].flatMap(([, quoted = ""]) => {
    const line = toLine(quoted);
    return line.trim().split(" ").length >= QUOTATION_WORDS_MIN ? [line] : [];
  });
}

/** The sentence of the passage that shares most content words with the claim, as a span of its text. */
export function findEvidence(claim: string, passage: Passage): Span {
  const wanted = toContentStems(claim);
  let best = { start: 0, end: passage.text.length, shared: 0 };
  for (const { start, end, content } of toEvidence(passage).sentences) {
    const shared = wanted.intersection(content).size;
    if (shared > best.shared) best = { start, end, shared };
  }
  return { start: best.start, end: best.end };
}
