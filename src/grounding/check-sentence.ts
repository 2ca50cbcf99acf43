/** Does the evidence carry a sentence? A deterministic reading: what is exact must occur, what is said must be covered. */
import type { SentenceCheck } from "../domain/event.ts";
import { splitSentences } from "../text/sentences.ts";
import { isFunctionStem, toContentStems, toWords } from "../text/words.ts";

export type Verdict = SentenceCheck["verdict"];

/** Share of the sentence's content words that must be in the evidence. */
const SUPPORTED_COVERAGE_MIN = 0.6;
const WEAK_COVERAGE_MIN = 0.35;

/**
 * `unsupported` when a number or name of the sentence is nowhere in the evidence, or hardly a word is;
 * `supported` when everything exact is there and most words are; `weak` in between.
 */
export function checkSentence(sentence: string, evidence: readonly string[]): Verdict {
  const words = toWords(sentence);
  const content = new Set(words.map(({ stem }) => stem).filter((stem) => !isFunctionStem(stem)));
  if (content.size === 0) return "weak"; // it says nothing that could be checked
  const there = new Set(evidence.flatMap((text) => toWords(text).map(({ stem }) => stem)));
  const exact = words.filter(({ surface }, index) => isExact(surface, index));
  if (exact.some(({ stem }) => !there.has(stem))) return "unsupported";
  const coverage = content.intersection(there).size / content.size;
  if (coverage >= SUPPORTED_COVERAGE_MIN) return "supported";
  return coverage >= WEAK_COVERAGE_MIN ? "weak" : "unsupported";
}

/** Numbers, and names: words with a capital that do not merely begin the sentence. */
function isExact(surface: string, index: number): boolean {
  return /\p{N}/u.test(surface) || (index > 0 && /^\p{Lu}/u.test(surface) && surface.length > 1);
}

/** The sentence of the text that shares most content words with the claim, as a span of the text. */
export function findEvidence(claim: string, text: string): { start: number; end: number } {
  const wanted = toContentStems(claim);
  let best = { start: 0, end: text.length, shared: 0 };
  for (const { start, end } of splitSentences(text)) {
    const shared = wanted.intersection(toContentStems(text.slice(start, end))).size;
    if (shared > best.shared) best = { start, end, shared };
  }
  return { start: best.start, end: best.end };
}
