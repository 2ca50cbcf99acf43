/** Ranking measures with the conventions of trec_eval as BEIR uses it. */
import type { Judgments } from "./beir.ts";

/** Query id → document ids, best first. */
export type Rankings = ReadonlyMap<string, readonly string[]>;

export interface Metrics {
  readonly ndcg10: number;
  readonly recall10: number;
  readonly recall100: number;
  /** 1 where every relevant document is in the first ten. */
  readonly all10: number;
  readonly mrr10: number;
}

/** Means over every query that has a relevant document; one without a ranking counts 0. */
export function evaluate(rankings: Rankings, judgments: Judgments): Metrics {
  const scored = [...judgments].filter(([, grades]) =>
    [...grades.values()].some((grade) => grade > 0),
  );
  const perQuery = scored.map(([query, grades]) => score(rankings.get(query) ?? [], grades));
  const mean = (pick: (one: Metrics) => number): number =>
    perQuery.reduce((sum, one) => sum + pick(one), 0) / Math.max(1, perQuery.length);
  return {
    ndcg10: mean((one) => one.ndcg10),
    recall10: mean((one) => one.recall10),
    recall100: mean((one) => one.recall100),
    all10: mean((one) => one.all10),
    mrr10: mean((one) => one.mrr10),
  };
}

function score(ranking: readonly string[], grades: ReadonlyMap<string, number>): Metrics {
  const gains = [...grades.values()].filter((grade) => grade > 0).toSorted((a, b) => b - a);
  const isRelevant = (id: string): boolean => (grades.get(id) ?? 0) > 0;
  const found = (depth: number): number => ranking.slice(0, depth).filter(isRelevant).length;
  const first = ranking.slice(0, 10).findIndex(isRelevant);
  return {
    ndcg10:
      discount(ranking.slice(0, 10).map((id) => Math.max(0, grades.get(id) ?? 0))) /
      discount(gains.slice(0, 10)),
    recall10: found(10) / gains.length,
    recall100: found(100) / gains.length,
    all10: found(10) === gains.length ? 1 : 0,
    mrr10: first < 0 ? 0 : 1 / (first + 1),
  };
}

function discount(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}
