/** What became of a chunk, in a sentence. */
import type { Chunk } from "../../domain/chunk.ts";
import type { ChunkTrace, ExplainStage } from "../../domain/explanation.ts";
import { type Filter, listMetadataFields } from "../../domain/filter.ts";
import { RANKS_MAX } from "./probe.ts";
import type { Facts, Trace } from "./trace.ts";
import type { Left } from "../pack.ts";

/** Why this chunk is where it is. */
export function sayWhy(trace: Trace, chunk: Chunk, facts: Facts): string {
  return REASONS[trace.stage](trace, chunk, facts);
}

type Say = (trace: Trace, chunk: Chunk, facts: Facts) => string;

const REASONS: Readonly<Record<ExplainStage, Say>> = {
  collection: (_trace, _chunk, { located }) =>
    `Its collection, ${located.snapshot.info.name}, was not asked.`,
  filter: (_trace, chunk, { ask }) => `The filter leaves it out${sayFields(ask.filter, chunk)}.`,
  search: ({ legs }) => `No leg brought it: ${legs.map(sayLeg).join("; ")}.`,
  fuse: ({ fused }) =>
    `Of all that the legs found it is on place ${fused?.rank}, with a score of ${fused?.score}; the first ${fused?.candidatesMax} go on, down to ${fused?.lastScore}.`,
  take: () => "It would have gone on, but its text could not be read.",
  collapse: ({ twin }) =>
    `${twin?.chunk.id} in ${twin?.collection} says the same and ranks higher, so it stands for both.`,
  rerank: ({ order }, _chunk, { ask }) =>
    `The reranker (${ask.retrieval.rerank}) moved it from place ${order?.before} to place ${order?.after}; without it, it would be in the context.`,
  pack: ({ left, order }, _chunk, { stages }) => sayLeft(left, order?.after, stages.limits),
  used: ({ label }) => `It is passage [${label}].`,
};

function sayLeft(
  left: Left | undefined,
  place: number | undefined,
  { passagesMax, contextTokensMax }: Facts["stages"]["limits"],
): string {
  switch (left?.why) {
    case "share":
      return `Its document has ${left.perDocumentMax} passages in the context already, as many as one may have beside others.`;
    case "tokens":
      return `It has about ${left.tokens} tokens, and ${left.tokensLeft} of the context's ${contextTokensMax} were left.`;
    case "places":
    case undefined:
      return `It is on place ${place}, and the context takes ${passagesMax}.`;
    default:
      return left satisfies never;
  }
}

function sayLeg(leg: Trace["legs"][number]): string {
  const { retriever, status, code, rank, score, hits, lastScore, isScored } = leg;
  const its = `the ${retriever} leg`;
  if (status === "skipped") return `${its} was skipped (${code})`;
  if (status !== "found")
    return `${its} ${status === "timed-out" ? "was too late" : `failed (${code})`}`;
  const depth = `${its} brought ${hits}${lastScore === undefined ? "" : `, down to ${lastScore}`}`;
  if (score === undefined) {
    const why = retriever === "keyword" ? "it has no word of the question" : "it has no vector";
    return isScored ? `for ${its} ${why}` : depth;
  }
  const place = rank === undefined ? `beyond rank ${RANKS_MAX}` : `on rank ${rank}`;
  return `for ${its} it is ${place} with ${score}, and ${depth.replace(its, "it")}`;
}

const VALUE_CHARS_MAX = 80;

/** What the chunk has in the fields that the filter reads. */
function sayFields(filter: Filter | undefined, { metadata }: Chunk): string {
  const fields = filter === undefined ? [] : listMetadataFields(filter);
  const told = fields.map((name) => {
    const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (value === undefined) return `it has no metadata.${name}`;
    return `its metadata.${name} is ${JSON.stringify(value).slice(0, VALUE_CHARS_MAX)}`;
  });
  return told.length === 0 ? "" : `: ${told.join(", ")}`;
}

/** How far the whole document came. `traces` are all its chunks, `shown` those that came furthest. */
export function sumUp(shown: readonly ChunkTrace[], traces: readonly Trace[]): string {
  const [first] = shown;
  const parts = traces.length;
  const whole = parts === 1 ? "It" : `None of its ${parts} parts`;
  if (first === undefined) return `${whole} can be read.`;
  const labels = traces.flatMap(({ label }) => (label === undefined ? [] : [`[${label}]`]));
  if (first.stage === "used") {
    const share = parts === 1 ? "" : ` with ${labels.length} of its ${parts} parts`;
    return `It is in the context${share}, as ${labels.join(", ")}.`;
  }
  if (first.stage === "collection") return first.why;
  const fell = FALLS[first.stage];
  if (parts === 1) return `It fell out ${fell}. ${first.why}`;
  const best = `the one that came furthest, ${first.chunkId}, fell out ${fell}`;
  return `${whole} is in the context; ${best}. ${first.why}`;
}

const FALLS: Readonly<Record<Exclude<ExplainStage, "collection" | "used">, string>> = {
  filter: "at the filter",
  search: "in the search",
  fuse: "where the legs were put together",
  take: "where texts are read",
  collapse: "as a duplicate",
  rerank: "in reranking",
  pack: "where the context was filled",
};
