/** An explanation on a terminal: what became of the document, what could be changed, and its parts. */
import type { ChunkTrace, Explanation, LegTrace } from "../../domain/explanation.ts";

const PARTS_SHOWN = 5;

/** `all`: every part there is, each with its reason. */
export function toExplanationText(explanation: Explanation, all: boolean): string {
  const { document, why, advice, chunks } = explanation;
  const shown = all ? chunks : chunks.slice(0, PARTS_SHOWN);
  const rest = document.chunks - shown.length;
  return [
    `${document.title} (${document.collection}: ${document.documentId})`,
    why,
    ...(advice.length === 0 ? [] : ["", "What could be changed"]),
    ...advice.map((one) => `  - ${one}`),
    "",
    "Parts, those that came furthest first",
    ...shown.flatMap((chunk) => toLines(chunk, all)),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    "",
  ].join("\n");
}

function toLines(chunk: ChunkTrace, withReason: boolean): readonly string[] {
  const { chunkId, headings, page, stage, legs, fused, label } = chunk;
  const place = [...headings, ...(page === undefined ? [] : [`page ${page}`])].join(" › ");
  const end = label === undefined ? stage : `used as [${label}]`;
  const ranks = [
    ...legs.map(toRank),
    ...(fused === undefined ? [] : [`fused ${fused.rank}, ${fused.candidatesMax} go on`]),
  ];
  return [
    `  ${chunkId}${place === "" ? "" : `  ${place}`}`,
    `      ${end.padEnd(12)} ${ranks.join(" · ")}`,
    ...(withReason ? [`      ${chunk.why}`] : []),
  ];
}

function toRank({ retriever, status, rank, score, brought, hits }: LegTrace): string {
  if (status !== "found") return `${retriever} ${status}`;
  const scored = score === undefined ? "" : ` (${score})`;
  if (brought) return `${retriever} ${rank}${scored}`;
  return `${retriever} ${rank === undefined ? "none" : `${rank}, beyond ${hits}`}${scored}`;
}
