/** Puts the arms together: merged by score within an arm, fused by weighted normalised scores between arms. */
import type { Hit, Trail } from "../domain/hit.ts";
import type { Arm } from "./leg.ts";

/** A row found by at least one leg, with what each list said of it. */
export interface Candidate {
  readonly collection: string;
  readonly row: string;
  /** 0 to 1 before reranking; higher is better. */
  readonly score: number;
  readonly trail: Trail;
}

/** How arms are fused. */
export type FuseMethod = "scores" | "ranks";

/**
 * All candidates of all arms, best first.
 * `scores`: each arm's scores are scaled to 0..1, then summed by weight
 * (the convex combination of Bruch, Gai & Ingber, An Analysis of Fusion Functions, 2023).
 * `ranks`: weighted reciprocal rank fusion with k = 60 (Cormack, Clarke & Büttcher, 2009), for arms
 * whose scores cannot be compared. Pure; equal scores keep a stable order by collection and row.
 */
export function fuse(arms: readonly Arm[], method: FuseMethod = "scores"): readonly Candidate[] {
  const weights = toWeights(arms);
  const found = new Map<string, Map<string, Entry>>();
  for (const [index, arm] of arms.entries()) {
    const merged = mergeLegs(arm);
    const toShare = method === "scores" ? createScale(merged, arm.zero) : toReciprocalRank;
    for (const [position, { hit, list, rank }] of merged.entries()) {
      const rows = found.get(hit.collection) ?? new Map<string, Entry>();
      if (rows.size === 0) found.set(hit.collection, rows);
      const entry = rows.get(hit.row) ?? { hit, score: 0, trail: {} };
      if (entry.score === 0) rows.set(hit.row, entry);
      entry.score += (weights[index] ?? 0) * toShare(hit.score, position);
      entry.trail[list] = rank;
    }
  }
  return [...found.values()]
    .flatMap((rows) => [...rows.values()])
    .toSorted((a, b) => b.score - a.score || compareRows(a.hit, b.hit))
    .map(({ hit, score, trail }, index) => ({
      collection: hit.collection,
      row: hit.row,
      score,
      trail: { ...trail, fused: index + 1 },
    }));
}

interface Entry {
  readonly hit: Hit;
  score: number;
  readonly trail: Record<string, number>;
}

interface Merged {
  readonly hit: Hit;
  /** `collection/retriever` */
  readonly list: string;
  /** From 1, in its own leg. */
  readonly rank: number;
}

/** All legs of an arm as one list, best first: possible because their scores mean the same. */
function mergeLegs(arm: Arm): readonly Merged[] {
  return arm.legs
    .flatMap(({ leg, hits }) =>
      hits.map((hit, index) => ({
        hit,
        list: `${leg.collection}/${leg.retriever}`,
        rank: index + 1,
      })),
    )
    .toSorted((a, b) => b.hit.score - a.hit.score || compareRows(a.hit, b.hit));
}

/** Shares that sum to 1 over the arms that found something; an arm without a weight takes what is left. */
function toWeights(arms: readonly Arm[]): readonly number[] {
  const active = arms.map((arm) => arm.legs.some(({ hits }) => hits.length > 0));
  const given = arms.reduce((sum, arm) => sum + (arm.weight ?? 0), 0);
  const open = arms.filter((arm) => arm.weight === undefined).length;
  const left = open === 0 ? 0 : Math.max(0, 1 - given) / open;
  const raw = arms.map((arm, index) => (active[index] === true ? (arm.weight ?? left) : 0));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  // A lone arm answers alone, even one whose configured share is nought.
  if (sum === 0) return active.map((one) => (one ? 1 : 0));
  return raw.map((weight) => weight / sum);
}

/** Scales scores to 0..1 between the arm's zero, or the list's lowest, and its highest; a list of equals is all ones. */
function createScale(
  merged: readonly Merged[],
  zero: number | undefined,
): (score: number) => number {
  const highest = merged[0]?.hit.score ?? 0;
  const lowest = zero ?? merged.at(-1)?.hit.score ?? 0;
  const range = highest - lowest;
  return (score) => (range > 0 ? Math.max(0, (score - lowest) / range) : 1);
}

function toReciprocalRank(_score: number, position: number): number {
  return 1 / (60 + position + 1);
}

function compareRows(a: Hit, b: Hit): number {
  if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
  if (a.row === b.row) return 0;
  return a.row < b.row ? -1 : 1;
}
