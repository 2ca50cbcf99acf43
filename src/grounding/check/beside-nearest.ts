/** A claim beside the one sentence of the evidence that otherwise says the same: what may not differ. */
import type { Quantity } from "../../text/numbers.ts";
import type { Evidence } from "./evidence.ts";
import { type Exact, isMissing, occur } from "./exact.ts";
import { findNearest, hasRival, type Near } from "./nearest.ts";
import type { Reading } from "./reading.ts";

/** Shares of the plain words of a claim that the sentence has: from `near` on it is held against it, from `sure` on it decides. */
const SHARES = { near: 0.75, sure: 0.9 } as const;

/** With fewer plain words than these all of them must be in the one sentence, or it shows nothing. */
const PLAIN_MIN = 3;

type Verdict = "weak" | "unsupported";

/** What the nearest sentence makes of a claim; undefined: nothing is wrong with it. */
export function compareNearest(exact: Exact, evidence: readonly Evidence[]): Verdict | undefined {
  const all = toClaim(exact, evidence);
  const { claim, plain, names, quantities } = all;
  const near = findNearest(claim, plain, evidence, (around) => occur(names, quantities, around));
  if (near === undefined || near.share < SHARES.near) return undefined;
  if (plain.length < PLAIN_MIN) {
    return near.share === 1 ? compareShort(all, near, evidence) : undefined;
  }
  const isWrong = near.share >= SHARES.sure ? "unsupported" : "weak";
  if (near.isOpposite || !occur(names, quantities, near.around)) return isWrong;
  if (!hasOther(all, near)) return undefined;
  // Another name in its place, or only another word for the same?
  const { opening } = near.sentence;
  const isReplaced = opening !== undefined && !claim.stems.has(opening);
  return isReplaced && isNamed(near.sentence, evidence) ? isWrong : "weak";
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
