/** Does a sentence bring together what the evidence keeps in two like clauses? `Alpha uses X, Beta uses Y`, but not `Alpha uses Y`. */
import { toQuantities } from "../text/numbers.ts";
import { isFunctionStem, isUnspaced, toWords } from "../text/words.ts";

/** One thing in its clause, with what stands right before and behind it. */
interface Item {
  readonly key: string;
  readonly isNumber: boolean;
  readonly unit: string | undefined;
  readonly before: string;
  readonly behind: string;
}

export type Clause = readonly Item[];

const BREAK =
  /[.;:,!?()\n]+(?=\s|$)|(?<![\p{L}]|between\s[^.,;]{1,30})(?:and|but|while|whereas|or|und|aber|während|oder|et|mais|ou|y|pero|e|ma)(?![\p{L}])/giu;
const ARTICLE =
  /^(?:an?|the|der|die|das|den|dem|des|eine?[nmrs]?|les?|la|une?|des|du|el|los|las|una?|il|lo|gli)$/iu;
/** Of a number, whatever its value. */
const NUMBER = "#";
/** In longer clauses, and in those that do not follow each other, it is soon chance; set on the answers of clapnq. */
const CLAUSE_ITEMS_MAX = 8;
/** Parts of a claim that stand in more pairs than these are not compared. */
const ITEMS_MAX = 24;

/** The clauses of a text, each as its words of meaning and numbers. */
export function toClauses(text: string): readonly Clause[] {
  const quantities = toQuantities(text);
  const isInNumber = (at: number): boolean =>
    quantities.some(({ start, end }) => at > start && at < end);
  const breaks = [...text.matchAll(BREAK)].filter(({ index }) => !isInNumber(index));
  const starts = [0, ...breaks.map(({ index, 0: mark }) => index + mark.length)];
  const ends = [...breaks.map(({ index }) => index), text.length];
  const words = toWords(text);
  return starts.map((from, index) => {
    const to = ends[index] ?? text.length;
    const tokens = words
      .filter(({ start, surface }) => start >= from && start < to && !ARTICLE.test(surface))
      .flatMap(({ start, surface, stem }) => {
        const number = quantities.find(
          (one) => start < one.end && start + surface.length > one.start,
        );
        if (number === undefined) return [{ key: stem, isNumber: false, unit: undefined, surface }];
        if (start > number.start) return [];
        return [{ key: `${NUMBER}${number.value}`, isNumber: true, unit: number.unit, surface }];
      });
    return tokens.flatMap(({ surface, ...one }, at): readonly Item[] => {
      if (!one.isNumber && (isFunctionStem(one.key) || isUnspaced(surface))) return [];
      const [before, behind] = [tokens[at - 1], tokens[at + 1]].map((other) =>
        other === undefined ? "" : other.isNumber ? NUMBER : other.key,
      );
      return [{ ...one, before: before ?? "", behind: behind ?? "" }];
    });
  });
}

/** Are two things of the claim each in a clause of its own there, and each in the place that something else has in the other's? */
export function isCrossed(claim: readonly Clause[], evidence: readonly Clause[]): boolean {
  const keys = [...new Set(claim.flat().map(({ key }) => key))];
  if (keys.length > ITEMS_MAX) return false;
  const inClaim = new Set(keys);
  const there = evidence.filter((clause) => clause.some(({ key }) => inClaim.has(key)));
  const placesOf = new Map(
    keys.map((key) => [key, there.filter((clause) => clause.some((one) => one.key === key))]),
  );
  return keys.some((a, index) =>
    keys.slice(index + 1).some((b) => {
      const [withA = [], withB = []] = [placesOf.get(a), placesOf.get(b)];
      if (withA.some((clause) => withB.includes(clause))) return false;
      const said = claim.find((clause) => has(clause, a) && has(clause, b));
      if (said === undefined) return false;
      return withA.some((first) =>
        withB.some(
          (second) =>
            Math.abs(evidence.indexOf(first) - evidence.indexOf(second)) === 1 &&
            Math.max(said.length, first.length, second.length) <= CLAUSE_ITEMS_MAX &&
            said.every(({ key }) => has(first, key) || has(second, key)) &&
            isPairCrossed(claim, { a, b, first, second }),
        ),
      );
    }),
  );
}

interface Pair {
  readonly a: string;
  readonly b: string;
  /** The clause of the evidence with `a`, and the one with `b`. */
  readonly first: Clause;
  readonly second: Clause;
}

function isPairCrossed(claim: readonly Clause[], { a, b, first, second }: Pair): boolean {
  const others = (clause: Clause, key: string, from: Clause): readonly string[] => {
    const own = from.filter((one) => one.key === key);
    return clause
      .filter((one) => !has(from, one.key) && own.some((other) => isAlike(one, other)))
      .map((one) => one.key);
  };
  const insteadOfA = others(second, a, first);
  const insteadOfB = others(first, b, second);
  return insteadOfA.some((otherA) =>
    insteadOfB.some((otherB) => {
      const isSaid = claim.some((clause) => has(clause, otherA) || has(clause, otherB));
      if (!isSaid) return true;
      return claim.some((clause) => has(clause, otherA) && has(clause, otherB));
    }),
  );
}

function has(clause: Clause, wanted: string): boolean {
  return clause.some(({ key }) => key === wanted);
}

/** In the same place of their clauses: between the same words on one side, or both amounts of the same. */
function isAlike(one: Item, other: Item): boolean {
  if (one.isNumber && other.isNumber) return one.unit === other.unit;
  const isBeside = (a: string, b: string): boolean => a !== "" && a === b;
  return isBeside(one.before, other.before) || isBeside(one.behind, other.behind);
}
