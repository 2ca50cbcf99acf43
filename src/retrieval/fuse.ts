/** Puts the arms together: merged by score within an arm, fused by weighted normalised scores between arms. */
import type { Trail } from "../domain/hit.ts";
import type { Arm } from "./leg.ts";
import { type ToShare, weighArms } from "./weigh-arms.ts";

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

export interface FuseOptions {
  readonly method?: FuseMethod;
  /** Candidates wanted. */
  readonly limit?: number;
}

/**
 * The candidates of all arms, best first.
 * `scores`: each arm's scores are scaled to 0..1, then summed by weight (`weighArms`)
 * (the convex combination of Bruch, Gai & Ingber, An Analysis of Fusion Functions, 2023).
 * `ranks`: weighted reciprocal rank fusion with k = 60 (Cormack, Clarke & Büttcher, 2009), for arms
 * whose scores cannot be compared. Pure; equal scores keep a stable order by collection and row.
 */
export function fuse(
  arms: readonly Arm[],
  { method = "scores", limit = Number.POSITIVE_INFINITY }: FuseOptions = {},
): readonly Candidate[] {
  const toShares = arms.map(method === "scores" ? createScale : createReciprocalRanks);
  const weigh = weighArms(arms, toShares);
  const table = createTable(arms);
  let leg = 0;
  for (const [index, arm] of arms.entries()) {
    const toShare = toShares[index] ?? (() => 0);
    for (const { leg: own, hits } of arm.legs) {
      const weight = weigh(index, own.collection);
      let rank = 0;
      for (const hit of hits) table.add(leg, hit.row, weight * toShare(hit), (rank += 1));
      leg += 1;
    }
  }
  return table.best(limit);
}

/**
 * What the legs found, row by row, as numbers in flat arrays: legs bring many times what is wanted, and
 * only for that objects are made.
 */
function createTable(arms: readonly Arm[]) {
  const legs = arms.flatMap((arm) => arm.legs);
  const size = legs.reduce((sum, { hits }) => sum + hits.length, 0);
  const lists = legs.map(({ leg }) => `${leg.collection}/${leg.retriever}`);
  const places = new Map<string, Map<string, number>>();
  /** By leg, where the rows of its collection are. */
  const placesOf = legs.map(({ leg: { collection } }) => {
    const rows = places.get(collection) ?? new Map<string, number>();
    places.set(collection, rows);
    return rows;
  });
  const rowOf: string[] = [];
  const scores = new Float64Array(size);
  /** What was added, one after the other from 1: its leg, its rank there, and what was added of the same row before it. */
  const legOf = new Uint32Array(size + 1);
  const rankOf = new Uint32Array(size + 1);
  const before = new Uint32Array(size + 1);
  /** By row, what was added of it last. */
  const last = new Uint32Array(size);
  let added = 0;

  const findPlace = (leg: number, row: string): number => {
    const rows = placesOf[leg] as Map<string, number>;
    let place = rows.get(row);
    if (place === undefined) rows.set(row, (place = rowOf.push(row) - 1));
    return place;
  };
  const toRow = (place: number): Row => {
    const leg = legs[legOf[last[place] ?? 0] ?? 0]?.leg;
    return { collection: leg?.collection ?? "", row: rowOf[place] ?? "" };
  };
  const compare = (a: number, b: number): number =>
    (scores[b] ?? 0) - (scores[a] ?? 0) || compareRows(toRow(a), toRow(b));
  const toCandidate = (place: number, index: number): Candidate => {
    const { collection, row } = toRow(place);
    const trail: Record<string, number> = {};
    const finds: number[] = [];
    for (let at = last[place] ?? 0; at > 0; at = before[at] ?? 0) finds.push(at);
    for (const at of finds.toReversed()) trail[lists[legOf[at] ?? 0] ?? ""] = rankOf[at] ?? 0;
    trail["fused"] = index + 1;
    return { collection, row, score: scores[place] ?? 0, trail };
  };

  return {
    add(leg: number, row: string, share: number, rank: number): void {
      const place = findPlace(leg, row);
      scores[place] = (scores[place] ?? 0) + share;
      added += 1;
      legOf[added] = leg;
      rankOf[added] = rank;
      before[added] = last[place] ?? 0;
      last[place] = added;
    },
    /** Best first. Only what reaches the last wanted score is put in order. */
    best(limit: number): readonly Candidate[] {
      const own = scores.subarray(0, rowOf.length);
      const lowest = own.toSorted()[rowOf.length - limit] ?? Number.NEGATIVE_INFINITY;
      const reaching: number[] = [];
      for (let place = 0; place < rowOf.length; place += 1) {
        if ((own[place] ?? 0) >= lowest) reaching.push(place);
      }
      return reaching.toSorted(compare).slice(0, limit).map(toCandidate);
    },
  };
}

/** Scales scores to 0..1 between the arm's zero, or its lowest, and its highest; equal scores are all ones. */
function createScale({ legs, zero }: Arm): ToShare {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { hits } of legs) {
    for (const { score } of hits) {
      lowest = Math.min(lowest, score);
      highest = Math.max(highest, score);
    }
  }
  const floor = zero ?? lowest;
  const range = highest - floor;
  return ({ score }) => (range > 0 ? Math.max(0, (score - floor) / range) : 1);
}

/** All legs of an arm as one list, best first: possible because their scores mean the same. */
function createReciprocalRanks({ legs }: Arm): ToShare {
  const merged = legs
    .flatMap(({ leg: { collection }, hits }) => hits.map((hit) => ({ ...hit, collection, hit })))
    .toSorted((a, b) => b.score - a.score || compareRows(a, b));
  const shares = new Map(merged.map(({ hit }, position) => [hit, 1 / (60 + position + 1)]));
  return (hit) => shares.get(hit) ?? 0;
}

type Row = Pick<Candidate, "collection" | "row">;

function compareRows(a: Row, b: Row): number {
  if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
  if (a.row === b.row) return 0;
  return a.row < b.row ? -1 : 1;
}
