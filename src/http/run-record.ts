/** A run's events put together to the one object that is returned as JSON. */
import type {
  Citation,
  Passage,
  RunEnd,
  RunEvent,
  RunRecord,
  SentenceCheck,
} from "../domain/event.ts";

export type FinishedRun = RunRecord & Pick<RunEnd, "error">;

/**
 * Folds a whole run. What was withdrawn by `text-reset` is gone, with its citations and checks; what
 * only tells of progress is passed over, because the last event holds what counts of it.
 */
export async function toRunRecord(events: AsyncIterable<RunEvent>): Promise<FinishedRun> {
  let answer = "";
  let passages: readonly Passage[] = [];
  let citations: Citation[] = [];
  let checks: SentenceCheck[] = [];
  for await (const event of events) {
    if (event.type === "text-delta") answer += event.text;
    if (event.type === "text-reset") [answer, citations, checks] = ["", [], []];
    if (event.type === "retrieval-end") passages = [...passages, ...event.passages];
    if (event.type === "citation") citations.push(withoutType(event));
    if (event.type === "sentence-check") checks.push(withoutType(event));
    if (event.type !== "run-end") continue;
    return { ...withoutType(event), answer, passages: [...passages], citations, checks };
  }
  throw new Error("a run ended without run-end");
}

function withoutType<T extends { readonly type: string }>({
  type: _type,
  ...rest
}: T): Omit<T, "type"> {
  return rest;
}
