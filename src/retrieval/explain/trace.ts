/** What became of each chunk of a document, by what the stages of a run came to. */
import type { Config } from "../../config.ts";
import type { Ask } from "../../domain/ask.ts";
import {
  type ChunkTrace,
  EXPLAIN_STAGES,
  type ExplainStage,
  type LegTrace,
} from "../../domain/explanation.ts";
import { isLost, type Leg } from "../../domain/event.ts";
import { type Probes, RANKS_MAX } from "./probe.ts";
import type { Candidate } from "../fuse.ts";
import type { Arm, LegResult } from "../leg.ts";
import type { Located } from "./locate-document.ts";
import { type Left, pack } from "../pack.ts";
import type { Stages } from "../retrieve.ts";
import type { Found } from "../take.ts";

export interface Facts {
  readonly located: Located;
  readonly stages: Stages;
  readonly probes: Probes;
  /** All candidates, those that did not go on as well. */
  readonly fused: readonly Candidate[];
  readonly ask: Ask;
  readonly config: Config;
}

/** A chunk, as yet without its text. */
export interface Trace {
  readonly row: string;
  readonly stage: ExplainStage;
  readonly legs: readonly (LegTrace & {
    /** Whether its score could be asked for. */
    readonly isScored: boolean;
  })[];
  readonly fused?: NonNullable<ChunkTrace["fused"]>;
  readonly twin?: Found;
  readonly order?: NonNullable<ChunkTrace["order"]>;
  readonly left?: Left;
  readonly label?: number;
}

/** Every chunk, those that came furthest first. */
export function traceAll(facts: Facts): readonly Trace[] {
  const { located, fused } = facts;
  const { name } = located.snapshot.info;
  const places = new Map(fused.flatMap((one) => (one.collection === name ? [[one.row, one]] : [])));
  const toLegs = createLegTracer(facts, name);
  const judge = createJudge(facts);
  const traces = located.rows.map((row): Trace => ({
    row,
    legs: toLegs(row),
    ...judge(row, places.get(row)),
  }));
  const reach = ({ stage }: Trace): number => EXPLAIN_STAGES.indexOf(stage);
  // What was not found ranks behind everything that was.
  const rank = ({ label, order, fused: place, legs }: Trace): number =>
    label ??
    order?.after ??
    place?.rank ??
    Math.min(...legs.map(({ rank: own }) => own ?? RANKS_MAX + 1));
  return traces.toSorted((a, b) => reach(b) - reach(a) || rank(a) - rank(b));
}

function createLegTracer(
  { stages, probes }: Facts,
  collection: string,
): (row: string) => Trace["legs"] {
  const legs = listLegs(stages.arms, collection).map((result, index, all) => {
    const { retriever } = result.leg;
    // A follow-up's legs are there twice.
    const nth = all.slice(0, index).filter(({ leg }) => leg.retriever === retriever).length;
    const again = (arms: readonly Arm[] = []): LegResult | undefined =>
      listLegs(arms, collection).filter(({ leg }) => leg.retriever === retriever)[nth];
    return { ...result, own: again(probes.own), deep: again(probes.deep) };
  });
  return (row) =>
    legs.map(({ leg: { retriever, status, code }, hits, own, deep }) => {
      const isIt = (hit: { readonly row: string }): boolean => hit.row === row;
      const place = hits.findIndex(isIt);
      const rank = place === -1 && status === "found" ? deep?.hits.findIndex(isIt) : place;
      const score = (hits[place] ?? own?.hits.find(isIt))?.score;
      const lastScore = hits.at(-1)?.score;
      return {
        retriever,
        status,
        ...(code === undefined ? {} : { code }),
        brought: place !== -1,
        ...(rank === undefined || rank === -1 ? {} : { rank: rank + 1 }),
        ...(score === undefined ? {} : { score: toShort(score) }),
        hits: hits.length,
        ...(lastScore === undefined ? {} : { lastScore: toShort(lastScore) }),
        isScored: own?.leg.status === "found",
      };
    });
}

/** Decides by what each stage let through, in their order. */
function createJudge({ located, stages, probes, fused, ask, config }: Facts) {
  const { name: collection } = located.snapshot.info;
  const { taken, collapsed, ordered, limits, packed } = stages;
  const unranked = pack(collapsed.kept, limits).passages;
  const isFiltered = createFilterTest(ask, stages.arms, probes, collection);
  const { candidatesMax } = config;
  const lastScore = toShort(fused[Math.min(candidatesMax, fused.length) - 1]?.score ?? 0);
  return (row: string, candidate: Candidate | undefined): Omit<Trace, "row" | "legs"> => {
    if (!located.isAsked) return { stage: "collection" };
    if (candidate === undefined) return { stage: isFiltered(row) ? "filter" : "search" };
    const isIt = (one: Candidate): boolean => one.collection === collection && one.row === row;
    const rank = candidate.trail["fused"] ?? 0;
    const place = { rank, score: toShort(candidate.score), candidatesMax, lastScore };
    if (rank > candidatesMax) return { stage: "fuse", fused: place };
    const found = taken.find(isIt);
    if (found === undefined) return { stage: "take", fused: place };
    const twin = collapsed.twins.get(found);
    if (twin !== undefined) return { stage: "collapse", fused: place, twin };
    const after = ordered.findIndex(isIt);
    const order = { before: collapsed.kept.indexOf(found) + 1, after: after + 1 };
    const isPassage = (one: { readonly collection: string; readonly chunkId: string }): boolean =>
      one.collection === collection && one.chunkId === found.chunk.id;
    const label = packed.passages.find(isPassage)?.label;
    if (label !== undefined) return { stage: "used", fused: place, order, label };
    const reordered = ordered[after];
    const left = reordered === undefined ? undefined : packed.left.get(reordered);
    const stage = unranked.some(isPassage) ? "rerank" : "pack";
    return { stage, fused: place, order, ...(left === undefined ? {} : { left }) };
  };
}

/** A chunk that can be found without the filter and not within it; the store itself decides what the filter means. */
function createFilterTest(
  ask: Ask,
  arms: readonly Arm[],
  { own, passing }: Probes,
  collection: string,
): (row: string) => boolean {
  if (ask.filter === undefined) return () => false;
  const lacksField = ({ leg: { code } }: LegResult): boolean => code === "filter_field_unknown";
  if (listLegs(arms, collection).some(lacksField)) return () => true;
  const within = listLegs(passing ?? [], collection);
  if (within.some(({ leg }) => isLost(leg))) return () => false;
  const toRows = (legs: readonly LegResult[]): ReadonlySet<string> =>
    new Set(legs.flatMap(({ hits }) => hits.map(({ row }) => row)));
  const [all, passed] = [toRows(listLegs(own ?? [], collection)), toRows(within)];
  return (row) => all.has(row) && !passed.has(row);
}

function listLegs(arms: readonly Arm[], collection: string): readonly LegResult[] {
  const isOfIt = ({ leg }: { readonly leg: Leg }): boolean => leg.collection === collection;
  return arms.flatMap(({ legs }) => legs.filter(isOfIt));
}

function toShort(score: number): number {
  return Math.round(score * 10_000) / 10_000;
}
