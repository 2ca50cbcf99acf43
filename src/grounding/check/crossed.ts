/** Does a sentence bring together what the evidence keeps in two like clauses? `Alpha uses X, Beta uses Y`, but not `Alpha uses Y`. */
import type { Clause, Item } from "./clauses.ts";
import type { Evidence } from "./evidence.ts";
import type { Reading } from "./reading.ts";

/** In longer clauses, and in those that do not follow each other, it is soon chance; set on the answers of clapnq. */
const CLAUSE_ITEMS_MAX = 8;
/** What has more words and numbers is not compared. */
const ITEMS_MAX = 24;

const NOWHERE: ReadonlySet<number> = new Set();

/**
 * Are two things of the claim each in a clause of its own there, never in one, and each in the place that something
 * else has in the other's?
 */
export function isCrossed(
  { clauses: claim, content }: Reading,
  evidence: readonly Pick<Evidence, "sentences">[],
): boolean {
  const keys = [...new Set(claim.flat().map(({ key }) => key))];
  if (keys.length > ITEMS_MAX) return false;
  // What shares less than two words brings nothing together, but keeps others apart.
  const there = evidence.flatMap(({ sentences }) =>
    sentences.flatMap((one) => (one.content.intersection(content).size < 2 ? [[]] : one.clauses)),
  );
  const placesOf = new Map(keys.map((key) => [key, new Set<number>()]));
  for (const [at, clause] of there.entries()) {
    for (const { key } of clause) placesOf.get(key)?.add(at);
  }
  const isBeside = (said: Clause, one: number, other: number): boolean => {
    const [first = [], second = []] = [there[one], there[other]];
    return (
      Math.max(first.length, second.length) <= CLAUSE_ITEMS_MAX &&
      said.every(({ key }) => has(first, key) || has(second, key))
    );
  };
  const short = claim.filter(({ length }) => length <= CLAUSE_ITEMS_MAX);
  const distinct = new Map(short.map((clause) => [clause.map(({ key }) => key).join(" "), clause]));
  return [...distinct.values()].some((said) =>
    said.some(({ key: a }, index) =>
      said.slice(index + 1).some(({ key: b }) => {
        const [withA, withB] = [placesOf.get(a) ?? NOWHERE, placesOf.get(b) ?? NOWHERE];
        if (a === b || !withA.isDisjointFrom(withB)) return false;
        return [...withA].some((one) =>
          [one - 1, one + 1].some((other) => {
            if (!withB.has(other) || !isBeside(said, one, other)) return false;
            const [first = [], second = []] = [there[one], there[other]];
            const [before, after] = one < other ? [first, second] : [second, first];
            if (isFilledIn(said, after, before)) return false;
            return isPairCrossed(claim, { a, b, first, second });
          }),
        );
      }),
    ),
  );
}

/**
 * Has it all of a clause, with what that leaves out of the one before it: `fathers take 4 weeks of leave` of `Mothers
 * take 14 weeks of leave, fathers 4 weeks`? Its numbers then are those of that clause, each of what it is there.
 */
function isFilledIn(said: Clause, short: Clause, long: Clause): boolean {
  const numbers = said.filter(({ isNumber }) => isNumber);
  return (
    short.length < long.length &&
    short.every(({ key }) => has(said, key)) &&
    (numbers.length > 0 || isLikeFilledIn(said, short)) &&
    numbers.every((one) =>
      short.some(({ key, behind }) => key === one.key && behind === one.behind),
    )
  );
}

/** `Paper is collected on Thursdays`, of `garbage is collected on Tuesdays, and paper on Thursdays`: nothing else is in a place that the clause fills. */
function isLikeFilledIn(said: Clause, short: Clause): boolean {
  return (
    short.length > 1 &&
    !said.some(
      ({ key, before }) =>
        !has(short, key) && before !== "" && short.some((one) => one.before === before),
    )
  );
}

interface Pair {
  readonly a: string;
  readonly b: string;
  /** The clause of the evidence with `a`, and the one with `b`. */
  readonly first: Clause;
  readonly second: Clause;
}

/** The claim says nothing of what stands in their places, or it pairs that crosswise too. */
function isPairCrossed(claim: readonly Clause[], { a, b, first, second }: Pair): boolean {
  const isUsed = (
    isA: (one: Item, other: Item) => boolean,
    isB: (one: Item, other: Item) => boolean,
  ): boolean => {
    const insteadOfB = findInstead(b, second, first, isB);
    return findInstead(a, first, second, isA).some((otherA) =>
      insteadOfB.some((otherB) => {
        const isSaid = claim.some((clause) => has(clause, otherA) || has(clause, otherB));
        return !isSaid || claim.some((clause) => has(clause, otherA) && has(clause, otherB));
      }),
    );
  };
  return isUsed(isAlike, isAlike) || isUsed(isNamed, isLast) || isUsed(isLast, isNamed);
}

/** What stands in the other clause alone, in the place that this has in its own. */
function findInstead(
  key: string,
  own: Clause,
  other: Clause,
  isPlace: (one: Item, other: Item) => boolean = isAlike,
): readonly string[] {
  const places = own.filter((one) => one.key === key);
  return other
    .filter((one) => !has(own, one.key) && places.some((place) => isPlace(place, one)))
    .map((one) => one.key);
}

function has(clause: Clause, wanted: string): boolean {
  return clause.some(({ key }) => key === wanted);
}

/** Beside the same word on one side, or both amounts of the same. */
function isAlike(one: Item, other: Item): boolean {
  if (one.isNumber && other.isNumber) return one.unit === other.unit;
  const isSame = (a: string, b: string): boolean => a !== "" && a === b;
  return isSame(one.before, other.before) || isSame(one.behind, other.behind);
}

/** `Keller maintains the importer, and Vogt the planner`: names behind the same word or none, with words that end clauses. */
function isNamed(one: Item, other: Item): boolean {
  return one.isName && other.isName && one.before === other.before;
}

function isLast(one: Item, other: Item): boolean {
  return isAlike(one, other) || (one.behind === "" && other.behind === "");
}
