/** Is a claim told after a sentence word for word, but with another of the passage's words in the place of one, or with two that changed places? */
import { isDenialOf, oppositesOf } from "../../text/opposites.ts";
import { hasNumber } from "../../text/quantity-index.ts";
import { align, type Aligned, type Gap, isSame, type Pair } from "./aligned.ts";
import type { Token } from "./clauses.ts";
import type { Evidence, Said } from "./evidence.ts";
import { isPassive, MARK, toMarked } from "./marked.ts";
import type { Reading } from "./reading.ts";
import { isPastForm } from "../../text/irregular-verbs.ts";
import { isMutual } from "./turned.ts";

export type Deviation = "exchanged" | "replaced";

/** So many sentences are laid beside the claim, those that share most words with it. */
const SENTENCES_MAX = 4;
/** So many parts of it each beside a sentence of its own: `A costs 5, and B is sold in Oslo`. */
const PARTS_MAX = 3;
/** Less than this is shared by chance. */
const THINGS_MIN = 2;
/** Of the things of the part that is laid beside a sentence. */
const SHARED_MIN = 0.5;
/** What stands in the place of more is told in other words. */
const REPLACED_MAX = 3;

/** Where one part is beside one sentence; what is exchanged is worse than what is replaced. */
export function findDeviation(
  claim: Reading,
  evidence: readonly Evidence[],
): Deviation | undefined {
  const sentences = evidence
    .flatMap((one) => one.sentences)
    .filter(({ row }) => row === undefined)
    .map((said) => ({ said, shared: said.content.intersection(claim.content).size }))
    .filter(({ shared }) => shared >= THINGS_MIN)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, SENTENCES_MAX)
    .map(({ said }) => ({ said, tokens: toMarked(said) }));
  const found = new Set<Deviation>();
  const parts = [toMarked(claim)];
  const beforeGaps: Gap[] = [];
  for (let count = 0; count < PARTS_MAX; count += 1) {
    const part = parts.shift();
    if (part === undefined) break;
    const beside = findBest(part, sentences);
    if (beside === undefined) continue;
    const { aligned, said, tokens } = beside;
    const own = compareGaps(aligned, { claim, said, tokens, part, evidence });
    if (own !== undefined) found.add(own);
    if (beforeGaps.some((one) => aligned.gaps.some((two) => arePaired(one, two))))
      return "exchanged";
    beforeGaps.push(...aligned.gaps);
    const rest = [part.slice(0, aligned.from + 1), part.slice(aligned.to - 1)];
    parts.push(...rest.filter((one) => countThings(one) > THINGS_MIN));
  }
  return found.has("exchanged") ? "exchanged" : [...found][0];
}

interface Beside {
  readonly aligned: Aligned;
  readonly said: Said;
  /** Of the sentence. */
  readonly tokens: readonly Token[];
}

function findBest(
  part: readonly Token[],
  sentences: readonly { readonly said: Said; readonly tokens: readonly Token[] }[],
): Beside | undefined {
  let best: Beside | undefined;
  for (const { said, tokens } of sentences) {
    const aligned = align(part, tokens);
    if (aligned === undefined || aligned.score <= (best?.aligned.score ?? 0)) continue;
    best = { aligned, said, tokens };
  }
  return best;
}

interface Compared {
  readonly claim: Reading;
  readonly said: Said;
  readonly tokens: readonly Token[];
  readonly part: readonly Token[];
  readonly evidence: readonly Evidence[];
}

function compareGaps(
  { gaps, shared, from, to }: Aligned,
  { claim, said, tokens, part, evidence }: Compared,
): Deviation | undefined {
  const own = countThings(shared.map((pair) => pair.own));
  if (own === 0) return undefined;
  if (hasAgent(claim) === hasAgent(said) && isExchanged(gaps, shared, part)) return "exchanged";
  if (own < Math.max(THINGS_MIN, countThings(part.slice(from, to)) * SHARED_MIN)) return undefined;
  return gaps.some((gap) => isReplaced(gap, { claim, said, tokens, evidence }))
    ? "replaced"
    : undefined;
}

/**
 * Has the claim a word there that the passage has elsewhere, and the sentence one that the claim lacks? A word that the
 * passage has nowhere is as often but another word for the same.
 */
function isReplaced(gap: Gap, { claim, said, tokens, evidence }: Omit<Compared, "part">): boolean {
  const [own, other] = [gap.own, gap.other].map((all) => all.filter(({ isThing }) => isThing));
  if (own === undefined || other === undefined) return false;
  if (Math.max(own.filter(isWord).length, other.length) > REPLACED_MAX || hasOpposite(gap))
    return false;
  const clause = findClause(tokens, other[0]);
  // All else that is claimed must be in the clause: what brings two of them together is another matter.
  const isAlone = toMarked(claim).every(
    (word) => !word.isThing || holds(own, word) || holds(clause, word),
  );
  const isOfOtherClause = (word: Token): boolean =>
    isAlone && !holds(clause, word) && standsInOther(word, tokens) && isStrange(word, said.heading);
  const isOfOtherSentence = (word: Token): boolean =>
    isWord(word) &&
    isStrange(word, said) &&
    isStrange(word, said.heading) &&
    evidence.some(({ stems }) => stems.has(word.key));
  return (
    own.some((word) => isOfOtherClause(word) || isOfOtherSentence(word)) &&
    other.some((word) => isStrange(word, claim))
  );
}

/** Not as the verb that a clause begins with: `considered a ban and rejected it` tells both of the same. */
function standsInOther(word: Token, tokens: readonly Token[]): boolean {
  return tokens.some(
    (one, at) => isSame(word, one) && !(tokens[at - 1] === MARK && isPastForm(one.surface)),
  );
}

/** What stands around a token up to the marks. */
function findClause(tokens: readonly Token[], token: Token | undefined): readonly Token[] {
  const at = token === undefined ? -1 : tokens.indexOf(token);
  if (at === -1) return [];
  return tokens.slice(tokens.lastIndexOf(MARK, at) + 1, tokens.indexOf(MARK, at));
}

function holds(tokens: readonly Token[], word: Token): boolean {
  return tokens.some((one) => isSame(word, one));
}

function isStrange(word: Token, { stems, words, quantities }: Reading): boolean {
  if (word.number !== undefined) return !hasNumber(quantities, word.number);
  return !stems.has(word.key) && !words.some((one) => isSame(word, toThing(one)));
}

function toThing(word: Reading["words"][number]): Token {
  return { ...word, key: word.stem, number: undefined, isThing: true };
}

/** Do two things of the claim stand where the sentence has the other of them, with something between them that stayed? */
function isExchanged(
  gaps: readonly Gap[],
  shared: readonly Pair[],
  part: readonly Token[],
): boolean {
  return gaps.some((first, at) =>
    gaps.slice(at + 1).some((second, step) => {
      if (!arePaired(first, second)) return false;
      const between = shared.slice(at + 1, at + step + 2);
      const isList = between[0]?.own === MARK && between.at(-1)?.own === MARK;
      return (
        !isList &&
        between.some(({ own }) => own !== MARK && isOnce(own, part)) &&
        !between.some(({ own }) => isMutual(own.surface)) &&
        !isEquation(between) &&
        between.every((pair) => isPassive(pair.own) === isPassive(pair.other)) &&
        !gaps.slice(at, at + step + 2).some(hasOpposite)
      );
    }),
  );
}

/** `As old as` holds the other way round. */
function isEquation(between: readonly Pair[]): boolean {
  return between.filter(({ own }) => own.key === "as").length > 1;
}

/** Has each what stands in the place of the other? */
function arePaired(first: Gap, second: Gap): boolean {
  return (
    holdsOther(first.own, second) &&
    holdsOther(second.own, first) &&
    isBare(first, second) &&
    isBare(second, first)
  );
}

function isOnce(token: Token, part: readonly Token[]): boolean {
  return part.filter((one) => isSame(one, token)).length === 1;
}

/** Nothing but words that changed places: with `of` or `at` before them they can stand in any order. */
function isBare({ own, other }: Gap, there: Gap): boolean {
  return (
    own.every((word) => word.isThing && there.other.some((one) => isSame(word, one))) &&
    other.every((word, at) => {
      const isMoved = there.own.some((one) => isSame(word, one));
      return isMoved ? (other[at - 1]?.isThing ?? true) : !isWord(word) || isName(word);
    })
  );
}

function isName({ surface }: Token): boolean {
  return /^\p{Lu}/u.test(surface);
}

function holdsOther(own: readonly Token[], there: Gap): boolean {
  return own.some(
    (word) =>
      word.isThing &&
      there.other.some((one) => isSame(word, one)) &&
      !there.own.some((one) => isSame(word, one)),
  );
}

/** `Larger than` the other way round is `smaller than`; and what denies an opposite says the same. */
function hasOpposite({ own, other }: Gap): boolean {
  return own.some(({ key }) => {
    const opposites = new Set(oppositesOf(key));
    return other.some((one) => opposites.has(one.key) || isDenialOf(key, one.key));
  });
}

const AGENT = /(?<![\p{L}])(?:by|von|vom|durch|par|por|da|dal|dalla)(?![\p{L}])/iu;

function hasAgent({ text }: Reading): boolean {
  return AGENT.test(text);
}

function isWord({ isThing, number }: Token): boolean {
  return isThing && number === undefined;
}

function countThings(tokens: readonly Token[]): number {
  return tokens.filter(({ isThing }) => isThing).length;
}
