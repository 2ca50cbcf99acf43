/** The one sentence of the evidence that a claim is nearest to, and whether the two can both be true. */
import { isDenialOf, mayDeny, oppositesOf } from "../../text/opposites.ts";
import { clash, findOperators } from "../../text/operators.ts";
import { isNegated } from "../../text/negation.ts";
import { toContentStems } from "../../text/words.ts";
import { isMoved } from "./denial.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";
import { isTurned } from "./turned.ts";

/** A sentence of the evidence beside the claim. */
export interface Near {
  readonly sentence: Said;
  /** The sentence with what it leans on: its headings, and the names of the sentence before where it begins with `It`. */
  readonly around: readonly Known[];
  /** Share of the claim's plain words that it has, or the opposite of which it has. */
  readonly share: number;
  /** It says the opposite of the claim. */
  readonly isOpposite: boolean;
  /** It says the same words the other way round. */
  readonly isTurnedRound: boolean;
}

/** Where something exact can be looked up. */
type Known = Pick<Reading, "stems" | "quantities">;

/** `It` stands for a name, and never for a number. */
const NO_QUANTITIES: Known["quantities"] = new Map();

/** A text in which more sentences have the same words says the same again and again. */
const EQUALS_MAX = 64;

/**
 * The sentence with most of the claim's plain words; among equals one that has what else the claim has, and
 * does not say the opposite. Undefined where no sentence has any.
 */
export function findNearest(
  claim: Reading,
  plain: readonly string[],
  evidence: readonly Evidence[],
  holdsAll: (around: readonly Known[]) => boolean,
): Near | undefined {
  const beside = evidence.flatMap(({ sentences }) =>
    sentences.map((sentence, index) => ({ sentence, before: sentences[index - 1] })),
  );
  const named = findNamedRows(
    claim,
    beside.map(({ sentence }) => sentence),
  );
  const shared = beside.map(({ sentence }) => {
    const isOther =
      named.get(sentence.section)?.has(sentence) === false && sentence.row !== undefined;
    return isOther ? 0 : countSpokenOf(plain, claim, sentence);
  });
  const most = Math.max(0, ...shared);
  if (most === 0) return undefined;
  const nearest = beside.filter((_, index) => shared[index] === most).slice(0, EQUALS_MAX);
  let best: { readonly near: Near; readonly rank: number } | undefined;
  for (const { sentence, before } of nearest) {
    const isLeaning = before !== undefined && sentence.isLeaning;
    const leansOn = isLeaning ? [{ stems: before.stems, quantities: NO_QUANTITIES }] : [];
    const around = [sentence.heading, ...leansOn, sentence];
    const opposites = [...plain, ...RELATED].flatMap(
      (stem) => findOpposite(stem, claim, sentence) ?? [],
    );
    const isTurnedRound = isTurned(claim, sentence);
    const isOpposite = contradict(claim, sentence, { opposites, isTurnedRound });
    const rank = Number(holdsAll(around)) * 2 + Number(!isOpposite);
    if (best !== undefined && rank <= best.rank) continue;
    const share = most / plain.length;
    best = { near: { sentence, around, share, isOpposite, isTurnedRound }, rank };
  }
  return best?.near;
}

/** Where the claim names rows of a table, the other rows under that heading say nothing of it. */
function findNamedRows(
  { stems }: Reading,
  sentences: readonly Said[],
): ReadonlyMap<Reading, ReadonlySet<Said>> {
  const named = sentences.filter(({ row }) => {
    const key = row === undefined ? [] : [...toContentStems(row.cells[0] ?? "")];
    return key.length > 0 && key.every((stem) => stems.has(stem));
  });
  const bySection = Map.groupBy(named, ({ section }) => section);
  return new Map([...bySection].map(([section, rows]) => [section, new Set(rows)]));
}

/** How many of the words the sentence has, be it in the headings above it, or the opposite of which it has. */
function countSpokenOf(plain: readonly string[], claim: Reading, sentence: Said): number {
  const { content, section } = sentence;
  return plain.filter(
    (stem) =>
      content.has(stem) ||
      section.content.has(stem) ||
      findOpposite(stem, claim, sentence) !== undefined,
  ).length;
}

/** One of them denies what the other asserts, or they speak of other sides of a number. A denied opposite says the same. */
function contradict(
  claim: Reading,
  sentence: Reading,
  {
    opposites,
    isTurnedRound,
  }: { readonly opposites: readonly string[]; readonly isTurnedRound: boolean },
): boolean {
  // A "never" counts as a negation already.
  const hasOpposite = opposites.some((word) => !isNegated(word));
  const [own, other] = [countDenials(claim, sentence), countDenials(sentence, claim)];
  // `Only if it is signed` is `not, if it is not`.
  const isDenied = own !== other && !(own === 2 && other === 0 && isOnly(sentence));
  if ((isDenied !== hasOpposite) !== isTurnedRound) return true;
  if (isMoved(claim.denial, sentence.denial)) return true;
  if (!isDenied && clash(claim.words, sentence.words)) return true;
  return [...claim.sides].some(([value, side]) => {
    const there = sentence.sides.get(value);
    return there !== undefined && there !== side;
  });
}

function isOnly({ words }: Reading): boolean {
  return findOperators(words).some(({ value }) => value === "only");
}

/** How many words the one denies that the other speaks of; where it cannot be told which they are, it is one. */
function countDenials(
  { isNegated: denies, denial: { denied, wanted } }: Reading,
  other: Reading,
): number {
  const isUntold = other.isNegated && other.denial.denied.length === 0;
  if (!denies || denied.length === 0 || isUntold) return Number(denies);
  return denied.filter(
    (stem) =>
      (other.isNegated || !wanted.has(stem)) &&
      (other.content.has(stem) || hasOppositeOf(stem, other)),
  ).length;
}

function hasOppositeOf(stem: string, reading: Reading): boolean {
  return opposedIn(stem, reading).next().done !== true;
}

/** Say how one thing stands to another, though they say nothing by themselves. */
const RELATED = ["befor", "after", "abov", "below", "more", "less", "becaus", "despit"];

/** What the sentence alone has in place of a word of the claim, and means its opposite. */
function findOpposite(stem: string, claim: Reading, sentence: Reading): string | undefined {
  if (sentence.stems.has(stem) || !claim.stems.has(stem)) return undefined;
  return opposedIn(stem, sentence).find((word) => !claim.stems.has(word));
}

/** Words of the sentence that mean the opposite of this one; those of the list first. */
function* opposedIn(stem: string, { stems, content, denials }: Reading): Generator<string> {
  for (const opposite of oppositesOf(stem)) if (stems.has(opposite)) yield opposite;
  for (const word of mayDeny(stem) ? content : denials) if (isDenialOf(stem, word)) yield word;
}

/** Where the claim lacks a name or number of this sentence, and has others in their place, it is about something else. */
export function hasRival(
  sentence: Reading,
  claim: Reading,
  missing: { readonly names: boolean; readonly quantities: boolean },
): boolean {
  const isOther = (stem: string): boolean => !claim.stems.has(stem);
  const { names, opening, quantities } = sentence;
  const rivals = opening === undefined ? [...names] : [opening, ...names];
  return (
    (missing.names && rivals.some(isOther)) ||
    (missing.quantities && [...quantities.keys()].some((value) => !claim.quantities.has(value)))
  );
}
