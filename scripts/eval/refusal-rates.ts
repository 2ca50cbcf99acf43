/** How well a judgement tells questions that should be answered from those that should be refused: at one threshold, and over its curve. */
import { toAuroc } from "./logistic.ts";
import type { Case, Kind } from "./refusal-cases.ts";

/** The higher, the surer that the passages answer. */
export type Judge = (one: Case) => number;

/** Where on its own curve a judgement refuses as much as it may of what should be answered. */
export interface OnCurve {
  readonly threshold: number;
  /** Share refused of what should be refused. */
  readonly recall: number;
}

export interface RefusalRates {
  /** Share refused of what should be refused, in the service's way: by one threshold for all sets. */
  below(threshold: number): number;
  /** By the set's own threshold: the highest that refuses at most this share of the answerable ones. */
  at(falseRefusals: number): OnCurve;
  readonly auroc: number;
  /** Of the search score, on the same questions. */
  readonly searchAuroc: number;
}

/** The judged values of one kind, ascending. */
export function judgeKind(cases: readonly Case[], kind: Kind, judge: Judge): readonly number[] {
  const own = cases.filter((one) => one.kind === kind);
  return own.map(judge).toSorted((a, b) => a - b);
}

/** Share of the values below the threshold; NaN where there are none. */
export function toShareBelow(values: readonly number[], threshold: number): number {
  return values.filter((one) => one < threshold).length / values.length;
}

/** The rates of one kind beside the answerable ones; undefined where the set has none of the kind. */
export function rateRefusals(
  cases: readonly Case[],
  kind: Exclude<Kind, "answerable">,
  judge: Judge,
): RefusalRates | undefined {
  const answerable = judgeKind(cases, "answerable", judge);
  const refused = judgeKind(cases, kind, judge);
  if (refused.length === 0) return undefined;
  const searchScore: Judge = (one) => one.searchScore;
  return {
    below: (threshold) => toShareBelow(refused, threshold),
    at(falseRefusals) {
      const threshold = answerable[Math.floor(answerable.length * falseRefusals)] ?? 0;
      return { threshold, recall: toShareBelow(refused, threshold) };
    },
    auroc: toAuroc(answerable, refused),
    searchAuroc: toAuroc(
      judgeKind(cases, "answerable", searchScore),
      judgeKind(cases, kind, searchScore),
    ),
  };
}
