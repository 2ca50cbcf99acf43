/** How much of a row's score is whose: told for each collection, because not every arm searches all of them. */
import { isLost } from "../domain/event.ts";
import type { Hit } from "../domain/hit.ts";
import type { Arm } from "./leg.ts";

export type ToShare = (hit: Hit) => number;

/** What the arm, by its place, counts in the score of a row of the collection. */
export type Weigh = (arm: number, collection: string) => number;

/**
 * In each collection the weights of the arms that searched it and found something at all sum to 1; an arm without a weight takes what
 * the others leave.
 *
 * Scores of different embedders do not compare, and each has a best hit however little its collections know. Those
 * of words compare everywhere: halfway, an arm's best is worth as much as the best that words found where it searched.
 */
export function weighArms(arms: readonly Arm[], toShares: readonly ToShare[]): Weigh {
  const statuses = arms.map(({ legs }) => new Map(legs.map(({ leg }) => [leg.collection, leg])));
  const isActive = arms.map(({ legs }) => legs.some(({ hits }) => hits.length > 0));
  const reach = measureReach(arms, toShares);
  const worth = arms.map(({ weight, legs }) => {
    if (weight === undefined || reach.size === 0) return 1;
    const there = legs.filter(({ leg }) => !isLost(leg));
    return (1 + Math.max(0, ...there.map(({ leg }) => reach.get(leg.collection) ?? 0))) / 2;
  });

  const weighIn = (collection: string): readonly number[] => {
    const legs = statuses.map((of) => of.get(collection));
    const there = arms.filter((_, index) => legs[index] !== undefined);
    const given = there.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    const open = there.filter(({ weight }) => weight === undefined).length;
    const left = open === 0 ? 0 : Math.max(0, 1 - given) / open;
    const counts = legs.map((leg, index) =>
      isActive[index] === true && leg !== undefined && !isLost(leg) ? 1 : 0,
    );
    const raw = arms.map(({ weight }, index) => (counts[index] ?? 0) * (weight ?? left));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    // A lone arm answers alone, even one whose configured share is nought.
    const shares = sum > 0 ? raw : counts;
    const whole = shares.reduce((total, share) => total + share, 0) || 1;
    return shares.map((share, index) => (share / whole) * (worth[index] ?? 1));
  };
  const known = new Map<string, readonly number[]>();
  return (arm, collection) => {
    let weights = known.get(collection);
    if (weights === undefined) known.set(collection, (weights = weighIn(collection)));
    return weights[arm] ?? 0;
  };
}

/** By collection, how near its best hit by words comes to the best of all, 0 to 1; empty where words found nothing. */
function measureReach(
  arms: readonly Arm[],
  toShares: readonly ToShare[],
): ReadonlyMap<string, number> {
  const reach = new Map<string, number>();
  for (const [index, { weight, legs }] of arms.entries()) {
    if (weight !== undefined) continue;
    const toShare = toShares[index] ?? (() => 0);
    const bests = legs.map(({ leg, hits }) => {
      const best = hits.reduce((most, hit) => Math.max(most, toShare(hit)), 0);
      return [leg.collection, best] as const;
    });
    const best = bests.reduce((most, [, share]) => Math.max(most, share), 0);
    if (best === 0) continue;
    for (const [collection, share] of bests) {
      reach.set(collection, Math.max(reach.get(collection) ?? 0, share / best));
    }
  }
  return reach;
}
