/** About how many bytes an event takes, without writing it out. */
import type { Passage, RunEvent } from "../../domain/event.ts";

const FRAME_BYTES = 150;
const DELTA_BYTES = 8;
const PASSAGE_BYTES = 400;

/** Cheap, because it is asked for every event of every run; right for what is large, near enough for the rest. */
export function toEventSize(event: RunEvent): number {
  if (event.type === "text-delta") return event.text.length + DELTA_BYTES;
  if (event.type === "retrieval-end") return FRAME_BYTES + sum(event.passages.map(toPassageSize));
  if (event.type === "tool-call" || event.type === "output-partial") {
    return FRAME_BYTES + JSON.stringify(event).length;
  }
  if (event.type !== "run-end") return FRAME_BYTES;
  const { ledger, timeline, output, outputChecks } = event;
  const value = output === undefined ? 0 : JSON.stringify([output, outputChecks]).length;
  return FRAME_BYTES * (2 + ledger.length + timeline.length) + value;
}

function toPassageSize({ text }: Passage): number {
  return PASSAGE_BYTES + text.length;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
