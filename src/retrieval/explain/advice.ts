/** What a caller could change so that a document comes further: tried out on what the legs found, where that is possible. */
import { isLost } from "../../domain/event.ts";
import { RETRIEVERS } from "../../domain/hit.ts";
import type { Facts, Trace } from "./trace.ts";
import { fuse } from "../fuse.ts";
import type { Arm } from "../leg.ts";
import { pack } from "../pack.ts";

const OWN_WORDS = "ask in words that the document itself uses";

/** For the chunk that came furthest; the likeliest first. */
export function advise(trace: Trace, facts: Facts): readonly string[] {
  const { located, config } = facts;
  const { name } = located.snapshot.info;
  switch (trace.stage) {
    case "collection":
      return [`add ${name} to collections, or leave collections out`];
    case "filter":
      return ["loosen filter, or leave it out"];
    case "search":
      return adviseSearch(trace, facts);
    case "fuse":
      return [...tryWeights(trace, facts), ...tryAlone(trace, facts), OWN_WORDS];
    case "take":
      return [`look for damage: pnpm ingest verify ${name}`];
    case "collapse":
      return [
        "nothing is lost: the other one says the same; to see this one, leave the other out with filter",
      ];
    case "rerank":
      return ['set retrieval.rerank to "none"', ...tryPlaces(trace, facts)];
    case "pack":
      return trace.left?.why === "tokens"
        ? [
            `raise retrieval.contextTokensMax, up to the ${config.contextTokensMax} of CONTEXT_TOKENS_MAX`,
            "or lower retrieval.passagesMax, so that the better ones leave room",
          ]
        : tryPlaces(trace, facts);
    case "used":
      return [];
    default:
      return trace.stage satisfies never;
  }
}

function adviseSearch({ legs }: Trace, { ask, config }: Facts): readonly string[] {
  const lost = legs.filter(isLost);
  const ranks = legs.flatMap(({ rank }) =>
    rank !== undefined && rank <= config.legHitsMax ? [rank] : [],
  );
  const unused = RETRIEVERS.filter((one) => !ask.retrieval.retrievers.includes(one));
  return [
    ...(lost.length > 0
      ? [`ask again: ${lost.map(({ retriever }) => `the ${retriever} leg`).join(" and ")} failed`]
      : []),
    ...unused.map((one) => `add ${one} to retrieval.retrievers`),
    ...(ranks.length > 0 ? [`set retrieval.legHitsMax to ${Math.min(...ranks)} or more`] : []),
    OWN_WORDS,
  ];
}

const WEIGHTS = [0, 0.25, 0.5, 0.75, 1] as const;

function tryWeights({ row }: Trace, facts: Facts): readonly string[] {
  const { arms } = facts.stages;
  // A follow-up is searched twice, each time for half.
  const share = arms.filter(({ name }) => name === "keyword").length > 1 ? 0.5 : 1;
  const tried = WEIGHTS.map((weight) => ({
    weight,
    rank: rankOf(
      row,
      arms.map((arm) =>
        arm.name.startsWith("vector ") ? { ...arm, weight: weight * share } : arm,
      ),
      facts,
    ),
  }));
  const [best] = tried.toSorted((a, b) => a.rank - b.rank);
  if (best === undefined || best.rank > facts.config.candidatesMax) return [];
  return [`set retrieval.vectorWeight to ${best.weight}: it would be on place ${best.rank}`];
}

/** Without the other collections: near the truth, because terms then weigh a little differently. */
function tryAlone({ row }: Trace, facts: Facts): readonly string[] {
  const { name } = facts.located.snapshot.info;
  const isOther = facts.fused.some(({ collection }) => collection !== name);
  const alone = facts.stages.arms.map((arm) => ({
    ...arm,
    legs: arm.legs.filter(({ leg }) => leg.collection === name),
  }));
  if (!isOther || rankOf(row, alone, facts) > facts.config.candidatesMax) return [];
  return [`ask only the collection ${name}`];
}

function rankOf(row: string, arms: readonly Arm[], { located, config }: Facts): number {
  const { name } = located.snapshot.info;
  const best = fuse(arms, { limit: config.candidatesMax });
  const place = best.findIndex((one) => one.collection === name && one.row === row);
  return place === -1 ? Number.POSITIVE_INFINITY : place + 1;
}

/** The fewest passages with which it would be among them. */
function tryPlaces({ row }: Trace, { located, stages, config, ask }: Facts): readonly string[] {
  const { name } = located.snapshot.info;
  const { ordered, limits } = stages;
  const mine = ordered.find((one) => one.collection === name && one.row === row);
  const most = Math.max(config.passagesMax, config.candidatesMax);
  for (let passagesMax = limits.passagesMax + 1; passagesMax <= most; passagesMax += 1) {
    const { passages } = pack(ordered, { ...limits, passagesMax });
    const isIn = passages.some(
      ({ collection, chunkId }) => collection === name && chunkId === mine?.chunk.id,
    );
    if (isIn) return [`set retrieval.passagesMax to ${passagesMax} or more`];
  }
  return ask.retrieval.contextTokensMax < config.contextTokensMax
    ? ["raise retrieval.passagesMax and retrieval.contextTokensMax"]
    : [OWN_WORDS];
}
