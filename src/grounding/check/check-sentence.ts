/**
 * Does the evidence carry a sentence? A deterministic reading: what is exact must occur, what is said must be covered,
 * and nothing that is known may speak against it. The order, and where each question is answered:
 *
 * 1. `exact.ts`: its names, numbers and words of meaning, read as in `reading.ts`; the evidence as in `evidence.ts`.
 * 2. `quotations.ts`: what it quotes must stand there; what is word for word there is supported.
 * 3. `translated.ts`: in another language than the evidence numbers and identifiers alone can be compared.
 * 4. Every name and number must occur (`occur`), and half of the words (`THRESHOLDS`).
 * 5. `beside-nearest.ts`: the one sentence that otherwise says the same (`nearest.ts`) must have its names and numbers,
 *    and may not say the opposite: `denial.ts`, `turned.ts`. Not so where each part is told by itself (`claim-parts.ts`).
 * 6. What is told may not be put together otherwise: of rows (`row-claims.ts`, `yes-no-cells.ts`), of clauses
 *    (`crossed.ts`), of counts (`miscounted.ts`), of words that changed places (`deviation.ts` by `aligned.ts`).
 * 7. In doubt it is weak: a word in the place of another (`deviation.ts`), an `all` that nobody gave (`overstated.ts`),
 *    a fact that was only supposed (`hedged.ts`), what is told of a longer name (`longer-name.ts`), what is only denied
 *    (`only-denied.ts`).
 *
 * What claims nothing is told before: `framing.ts`, `silence.ts`. Values of structured output: `check-output.ts`.
 */
import type { Passage, SentenceCheck } from "../../domain/event.ts";
import { skipLeadOver } from "../../text/lead-over.ts";
import { withoutListMark } from "../../text/list-mark.ts";
import { isNegated } from "../../text/negation.ts";
import { toQuantities } from "../../text/numbers.ts";
import { toPlainText } from "../../text/plain-text.ts";
import type { Span } from "../../text/sentences.ts";
import { toContentStems } from "../../text/words.ts";
import { compareNearest } from "./beside-nearest.ts";
import { splitFullParts } from "./claim-parts.ts";
import { isCrossed } from "./crossed.ts";
import { findDeviation } from "./deviation.ts";
import { type Evidence, toEvidence } from "./evidence.ts";
import { type Exact, isMissing, occur, readExact } from "./exact.ts";
import { isHedged } from "./hedged.ts";
import { isOfLongerName } from "./longer-name.ts";
import { isMiscounted } from "./miscounted.ts";
import { isOnlyDenied } from "./only-denied.ts";
import { isOverstated } from "./overstated.ts";
import { holdsQuotations, isVerbatim } from "./quotations.ts";
import { readText } from "./reading.ts";
import { isCountOfRows, mixesRows, tellsOfRow } from "./row-claims.ts";
import { checkTranslated, findTranslated } from "./translated.ts";
import { deniesCell } from "./yes-no-cells.ts";

export type Verdict = SentenceCheck["verdict"];

/** Shares of the sentence's content words that must be in the evidence. Set by scripts/eval-checks.ts. */
const THRESHOLDS = { supported: 0.6, weak: 0.5 } as const;

/**
 * `before`: the answer up to the sentence, by which the language of a short one can be told.
 *
 * `unsupported` when a number, name or quotation of the sentence is nowhere in the evidence, or not in
 * the sentence that otherwise says the same, or that one says the opposite, or hardly a word is there;
 * `supported` when everything exact is there and most words are; `weak` in between.
 */
export function checkSentence(text: string, evidence: readonly Evidence[], before = ""): Verdict {
  const plain = withoutListMark(toPlainText(text));
  const lead = skipLeadOver(plain);
  const sentence = plain.slice(lead);
  const exact = readExact(sentence, evidence, plain[lead - 1] === ",");
  const { content, names, quantities } = exact;
  if (content.size === 0) return "weak"; // it says nothing that could be checked
  if (!holdsQuotations(sentence, evidence)) return "unsupported";
  if (isVerbatim(sentence, exact, evidence)) return "supported";
  if (isTranslated(exact, evidence, before)) return checkTranslated(exact, evidence);
  return occur(names, quantities, evidence) ? checkWords(sentence, exact, evidence) : "unsupported";
}

/** Of a sentence all that is exact of which is there. */
function checkWords(sentence: string, exact: Exact, evidence: readonly Evidence[]): Verdict {
  const { claim, quantities } = exact;
  const coverage = toCoverage(exact, evidence);
  if (coverage < THRESHOLDS.weak) return "unsupported";
  const verdict = compareNearest(exact, evidence);
  if (verdict !== undefined && !isToldInParts(sentence, evidence)) return verdict;
  if (mixesRows(sentence, evidence) || isCrossed(claim, evidence)) return "unsupported";
  if (deniesCell(claim, evidence) || isMiscounted(claim, quantities, evidence)) {
    return "unsupported";
  }
  const deviation = findDeviation(claim, evidence);
  if (deviation === "exchanged") return "unsupported";
  const isDoubtful =
    deviation === "replaced" ||
    [isOverstated, isHedged, isOfLongerName, isOnlyDenied].some((isSo) => isSo(claim, evidence));
  return coverage >= THRESHOLDS.supported && !isDoubtful ? "supported" : "weak";
}

/** Is at least half of the evidence in another language, and does none of the rest speak of it? */
function isTranslated(exact: Exact, evidence: readonly Evidence[], before: string): boolean {
  const others = findTranslated(exact.claim, evidence, before);
  if (others.length === 0 || others.length * 2 < evidence.length) return false;
  const rest = evidence.filter((one) => !others.includes(one));
  return rest.length === 0 || toCoverage(exact, rest) < THRESHOLDS.weak;
}

/** Share of its words of meaning that are there. */
function toCoverage({ content, spelled }: Exact, evidence: readonly Evidence[]): number {
  const missing = [...content].filter((stem) => !spelled.has(stem) && isMissing(stem, evidence));
  return 1 - missing.length / content.size;
}

/** So much that is exact must be in a part of a claim that is to be told by itself: of what, and which. */
const EXACT_MIN = 2;

/** Is each of its parts, for itself, told by a row or by one sentence that has all that is exact: `Basic costs 5 and Pro costs 12`? */
function isToldInParts(sentence: string, evidence: readonly Evidence[]): boolean {
  const parts = splitFullParts(
    sentence,
    (part) =>
      tellsOfRow(part, evidence) || countNames(part) + toQuantities(part).length >= EXACT_MIN,
  );
  return (
    parts.length > 1 &&
    parts.every(
      (part) =>
        (tellsOfRow(part, evidence) || isToldInOne(part, evidence)) &&
        checkSentence(part, evidence) === "supported",
    )
  );
}

/** What denies is no part of it: of what it denies something, the whole alone can tell. */
function isToldInOne(part: string, evidence: readonly Evidence[]): boolean {
  if (isNegated(part)) return false;
  const { names, opening, numbers } = readText(part);
  const exact = opening === undefined ? [...names] : [opening, ...names];
  const quantities = numbers.filter((one) => !isCountOfRows(one, part, evidence));
  return evidence.some(({ sentences }) =>
    sentences.some((said) => !said.isNegated && occur(exact, quantities, [said.heading, said])),
  );
}

/** Words with a capital that follow each other are one name. */
function countNames(text: string): number {
  return text.match(/\p{Lu}[\p{L}\p{N}]*(?:[\s-]+\p{Lu}[\p{L}\p{N}]*)*/gu)?.length ?? 0;
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
