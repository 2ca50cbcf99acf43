/** Does the evidence carry a sentence? A deterministic reading: what is exact must occur, what is said must be covered. */
import type { Passage, SentenceCheck } from "../../domain/event.ts";
import { skipLeadOver } from "../../text/lead-over.ts";
import { withoutListMark } from "../../text/list-mark.ts";
import { isNegated } from "../../text/negation.ts";
import { type Quantity, toQuantities } from "../../text/numbers.ts";
import { toPlainText } from "../../text/plain-text.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { toRounded } from "../../text/rounding.ts";
import type { Span } from "../../text/sentences.ts";
import { listContentStems, toContentStems, type Word } from "../../text/words.ts";
import { splitFullParts } from "./claim-parts.ts";
import { createNumberFinder } from "./clauses.ts";
import { type Evidence, toEvidence } from "./evidence.ts";
import { isCrossed } from "./crossed.ts";
import { findDeviation } from "./deviation.ts";
import { isOnlyDenied } from "./only-denied.ts";
import { findNearest, hasRival, type Near } from "./nearest.ts";
import { isMiscounted } from "./miscounted.ts";
import { isOverstated } from "./overstated.ts";
import { deniesCell } from "./yes-no-cells.ts";
import { holdsQuotations, isVerbatim } from "./quotations.ts";
import { isDenialWord, type Reading, readText } from "./reading.ts";
import { checkTranslated, findTranslated } from "./translated.ts";
import { isCountOfRows, mixesRows, tellsOfRow } from "./row-claims.ts";

export type Verdict = SentenceCheck["verdict"];

/** Shares of the sentence's content words that must be in the evidence. Set by scripts/eval-checks.ts. */
export const THRESHOLDS = { supported: 0.6, weak: 0.5, local: 0.75, sure: 0.9 } as const;

/** With fewer plain words than these all of them must be in the one sentence, or it shows nothing. */
const PLAIN_MIN = 3;

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
  const verdict = compare(toClaim(exact, evidence), evidence);
  if (verdict !== undefined && !isToldInParts(sentence, evidence)) return verdict;
  if (mixesRows(sentence, evidence) || isCrossed(claim, evidence)) return "unsupported";
  if (deniesCell(claim, evidence) || isMiscounted(claim, quantities, evidence)) {
    return "unsupported";
  }
  const deviation = findDeviation(claim, evidence);
  if (deviation === "exchanged") return "unsupported";
  const isDoubtful =
    deviation === "replaced" || isOverstated(claim, evidence) || isOnlyDenied(claim, evidence);
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

interface Exact {
  readonly claim: Reading;
  /** All stems of meaning. */
  readonly content: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly quantities: readonly Quantity[];
  /** Stems of words that are part of a number: such are compared by value. */
  readonly spelled: ReadonlySet<string>;
}

/** What a sentence says, and what of it is exact. `goesOn`: where it begins with a capital, that is one of a name. */
function readExact(sentence: string, evidence: readonly Evidence[], goesOn: boolean): Exact {
  const claim = readText(sentence);
  const named = goesOn && claim.opening !== undefined ? [claim.opening] : [];
  const { words } = claim;
  const numbers = claim.numbers.map((one) =>
    evidence.reduce((read, { quantities }) => toRounded(read, sentence, quantities), one),
  );
  const findNumber = createNumberFinder(numbers);
  const findMeasure = createNumberFinder(numbers.map((one) => ({ ...one, end: one.unitEnd })));
  const spelled = words.filter((word) => findNumber(word.start, toEnd(word)) !== undefined);
  const measured = words.filter((word) => isMeasured(word, findMeasure(word.start, toEnd(word))));
  const measuredStems = new Set(measured.map(toStem));
  return {
    claim,
    // Without the months that dates in digits name.
    content: new Set(listContentStems(words).filter((stem) => !isDenialWord(stem))),
    names: [...claim.names, ...named].filter((stem) => !measuredStems.has(stem)),
    quantities: numbers.filter((one) => !isCountOfRows(one, sentence, evidence)),
    spelled: new Set(spelled.map(toStem)),
  };
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

interface Claim {
  readonly claim: Reading;
  /** Stems that are neither names nor numbers. */
  readonly plain: readonly string[];
  readonly names: readonly string[];
  readonly quantities: readonly Quantity[];
  /** The opening word, where it has a capital and the evidence does not know it. */
  readonly foreign: string | undefined;
}

/** The opening word is a name where the evidence has it as one, and foreign where it does not know it. */
function toClaim(
  { claim, content, names, quantities, spelled }: Exact,
  evidence: readonly Evidence[],
): Claim {
  const { opening } = claim;
  const foreign = opening !== undefined && isMissing(opening, evidence) ? opening : undefined;
  const isName = opening !== undefined && foreign === undefined && isNamed(claim, evidence);
  const all = isName ? [...names, opening] : names;
  const exact = new Set([...all, ...claim.names, ...spelled]);
  const plain = [...content].filter((stem) => !exact.has(stem) && stem !== foreign);
  return { claim, plain, names: all, quantities, foreign };
}

function isMissing(stem: string, evidence: readonly Evidence[]): boolean {
  return !evidence.some(({ stems }) => stems.has(stem));
}

/** Beside the sentence of the evidence that otherwise says the same; undefined: nothing is wrong with it. */
function compare(all: Claim, evidence: readonly Evidence[]): Verdict | undefined {
  const { claim, plain, names, quantities } = all;
  const near = findNearest(claim, plain, evidence, (around) => occur(names, quantities, around));
  if (near === undefined || near.share < THRESHOLDS.local) return undefined;
  if (plain.length < PLAIN_MIN) {
    return near.share === 1 ? compareShort(all, near, evidence) : undefined;
  }
  const isWrong = near.share >= THRESHOLDS.sure ? "unsupported" : "weak";
  if (near.isOpposite || !occur(names, quantities, near.around)) return isWrong;
  if (!hasOther(all, near)) return undefined;
  // Another name in its place, or only another word for the same?
  const { opening } = near.sentence;
  const isReplaced = opening !== undefined && !claim.stems.has(opening);
  return isReplaced && isNamed(near.sentence, evidence) ? isWrong : "weak";
}

/**
 * Few words are soon all in one sentence: it must contradict them, have another name or number in the place of one, or
 * stand under another heading than the one that has it.
 */
function compareShort(all: Claim, near: Near, evidence: readonly Evidence[]): Verdict | undefined {
  const { plain, names, claim } = all;
  const deniesOfName = claim.isNegated && plain.length + names.length > 1;
  const isTelling = plain.length > 1 || deniesOfName || near.isTurnedRound;
  const isOpposite = near.isOpposite && isTelling;
  const isWrong = isOpposite || hasOther(all, near) || isUnderOther(all, near, evidence);
  return isWrong ? "unsupported" : undefined;
}

/** Has another heading a name or number of the claim that the sentence lacks? */
function isUnderOther(
  { names, quantities }: Claim,
  { around }: Near,
  evidence: readonly Evidence[],
): boolean {
  const sections = evidence.flatMap(({ sentences }) => sentences.map(({ section }) => section));
  return (
    names.some((stem) => !occur([stem], [], around) && occur([stem], [], sections)) ||
    quantities.some((one) => !occur([], [one], around) && occur([], [one], sections))
  );
}

/** Has the sentence another name or number where it lacks one of the claim's? */
function hasOther({ claim, names, quantities, foreign }: Claim, near: Near): boolean {
  const lacks = {
    names: foreign !== undefined || !occur(names, [], near.around),
    quantities: !occur([], quantities, near.around),
  };
  return hasRival(near.sentence, claim, lacks);
}

/** Is its first word a name? Another follows it, or the evidence has it with a capital where that says something. */
function isNamed({ opening = "", isOpeningName }: Reading, evidence: readonly Evidence[]): boolean {
  if (isOpeningName) return true;
  const all = evidence.flatMap(({ sentences }) => sentences);
  return (
    all.some(({ names }) => names.has(opening)) && !all.some((said) => hasSmall(said, opening))
  );
}

/** In small letters it is a word: a line may have begun with the other. */
function hasSmall({ stems, words }: Reading, wanted: string): boolean {
  return (
    stems.has(wanted) &&
    words.some(({ stem, surface }) => stem === wanted && /^\p{Ll}/u.test(surface))
  );
}

/** Is the word that number with its unit, or part of it? `10BASE5` goes on behind it, and is a name. */
function isMeasured(word: Word, number: { readonly end: number } | undefined): boolean {
  if (number === undefined) return false;
  const end = toEnd(word) - Number(/[²³]$/u.test(word.surface));
  return end <= number.end || !/[\p{Lu}\p{Ll}]/u.test(word.surface);
}

function toEnd({ start, surface }: Word): number {
  return start + surface.length;
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
