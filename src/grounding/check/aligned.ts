/** A claim laid beside the sentence that it is told after, word by word: what it has in the place of something else. */
import { toAmounts } from "../../text/conversions.ts";
import { toVerb } from "../../text/irregular-verbs.ts";
import type { Quantity } from "../../text/numbers.ts";
import { isSameUnit, toUnit } from "../../text/units.ts";
import type { Token } from "./clauses.ts";
import { MARK } from "./marked.ts";

/** What stands in the claim, and what in the sentence, between two words that both have. */
export interface Gap {
  readonly own: readonly Token[];
  readonly other: readonly Token[];
}

export interface Aligned {
  /** Of words that both have; those of meaning and numbers count most. */
  readonly score: number;
  /** The part of the claim that is laid beside the sentence. */
  readonly from: number;
  readonly to: number;
  /** In order, between each two words that both have; many are empty. */
  readonly gaps: readonly Gap[];
  /** The words that both have, as each has them; one more than there are gaps. */
  readonly shared: readonly Pair[];
}

export interface Pair {
  readonly own: Token;
  readonly other: Token;
}

const SCORES = {
  thing: 3,
  other: 1,
  replaced: -0.1,
  added: -1.2,
  leftOut: -0.3,
  mark: -2,
  ends: 1.5,
};

/** What would take more cells than this is no sentence that anyone writes. */
const CELLS_MAX = 40_000;

/** The best local alignment, after Smith and Waterman; undefined where nothing is shared, or too much is to be compared. */
export function align(claim: readonly Token[], sentence: readonly Token[]): Aligned | undefined {
  const width = sentence.length + 1;
  if ((claim.length + 1) * width > CELLS_MAX) return undefined;
  const scores = new Float32Array((claim.length + 1) * width);
  const others = sentence.map(toForms);
  let best = 0;
  for (const [row, own] of claim.entries()) {
    const forms = toForms(own);
    const added = toGapScore(own, SCORES.added);
    for (const [column, other] of sentence.entries()) {
      const at = (row + 1) * width + column + 1;
      const isNear = isLike(forms, others[column] ?? forms);
      const found = Math.max(
        0,
        (scores[at - width - 1] ?? 0) + (isNear ? compareTokens(own, other) : SCORES.replaced),
        (scores[at - width] ?? 0) + added,
        (scores[at - 1] ?? 0) + toGapScore(other, SCORES.leftOut),
      );
      scores[at] = found;
      if (found > (scores[best] ?? 0)) best = at;
    }
  }
  return best === 0 ? undefined : trace({ claim, sentence, scores, end: best });
}

interface Traced {
  readonly claim: readonly Token[];
  readonly sentence: readonly Token[];
  readonly scores: Float32Array;
  readonly end: number;
}

/** Back from the best cell to where its alignment begins. */
function trace(traced: Traced): Aligned {
  const { claim, sentence, scores, end } = traced;
  const width = sentence.length + 1;
  const gaps: { own: Token[]; other: Token[] }[] = [];
  const shared: Pair[] = [];
  let at = end;
  while ((scores[at] ?? 0) > 0) {
    const own = claim[Math.floor(at / width) - 1] ?? MARK;
    const other = sentence[(at % width) - 1] ?? MARK;
    const step = findStep(traced, at, { own, other });
    if (step === width + 1 && isSame(own, other)) {
      shared.unshift({ own, other });
      gaps.unshift({ own: [], other: [] });
    } else {
      if (step >= width) gaps[0]?.own.unshift(own);
      if (step !== width) gaps[0]?.other.unshift(other);
    }
    at -= step;
  }
  return {
    score: scores[end] ?? 0,
    from: Math.floor(at / width),
    to: Math.floor(end / width),
    gaps: gaps.slice(1),
    shared,
  };
}

/** From which cell it came: both tokens beside each other, the claim's alone, or the sentence's alone. */
function findStep({ sentence, scores }: Traced, at: number, { own, other }: Pair): number {
  const width = sentence.length + 1;
  const here = scores[at] ?? 0;
  const isFrom = (step: number, score: number): boolean =>
    here === Math.fround((scores[at - step] ?? 0) + score);
  if (isFrom(width + 1, compareTokens(own, other))) return width + 1;
  return isFrom(width, toGapScore(own, SCORES.added)) ? width : 1;
}

function toGapScore(token: Token, score: number): number {
  return token === MARK ? SCORES.mark : score;
}

function compareTokens(one: Token, other: Token): number {
  if (!isSame(one, other)) return SCORES.replaced;
  if (one === MARK) return SCORES.ends;
  return one.isThing ? SCORES.thing : SCORES.other;
}

/** Endings of other languages are no part of a word that has so many letters before them. */
const BEGINNING_MIN = 4;
const BEGINNING_SHARE = 0.75;

interface Forms {
  readonly verb: string;
  readonly unit: string | undefined;
  readonly beginning: string;
  readonly isNumber: boolean;
}

/** Can the two be the same? Cheap, and true of few. */
function isLike(one: Forms, other: Forms): boolean {
  return (
    one.beginning === other.beginning ||
    one.verb === other.verb ||
    (one.unit !== undefined && one.unit === other.unit) ||
    (one.isNumber && other.isNumber)
  );
}

/** Each word of a claim is compared with each of a sentence. */
const known = new WeakMap<Token, Forms>();

function toForms(token: Token): Forms {
  const found = known.get(token);
  if (found !== undefined) return found;
  const forms = {
    verb: toVerb(token.surface),
    unit: toUnit(token.surface),
    beginning: token.key.slice(0, BEGINNING_MIN),
    isNumber: token.number !== undefined,
  };
  known.set(token, forms);
  return forms;
}

/** The same word or number, or another form of it. */
export function isSame(one: Token, other: Token): boolean {
  if (one.number !== undefined && other.number !== undefined) {
    return isSameAmount(one.number, other.number);
  }
  if (one.key === other.key) return true;
  if (!one.isThing || !other.isThing || one.number !== other.number) return false;
  const [own, there] = [toForms(one), toForms(other)];
  if (own.verb === there.verb) return true;
  if (own.unit !== undefined && own.unit === there.unit) return true;
  const longest = Math.max(one.key.length, other.key.length);
  const wanted = Math.max(BEGINNING_MIN, Math.ceil(longest * BEGINNING_SHARE));
  return one.key.slice(0, wanted) === other.key.slice(0, wanted);
}

function isSameAmount(one: Quantity, other: Quantity): boolean {
  if (one.keys.some((key) => other.keys.includes(key)) && isSameUnit(one, other)) return true;
  const amounts = toAmounts(one);
  return toAmounts(other).some((key) => amounts.includes(key));
}
