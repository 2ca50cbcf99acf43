/** A run's events put together to the one object that is returned as JSON. */
import type {
  Citation,
  Passage,
  RunEnd,
  RunEvent,
  RunRecord,
  SentenceCheck,
} from "../../domain/event.ts";

export type FinishedRun = RunRecord & Pick<RunEnd, "error">;

/** What a run has come to so far. */
export type RunSoFar = Pick<RunRecord, "answer" | "passages" | "citations" | "checks"> & {
  readonly end?: RunEnd;
};

/**
 * Folds the events of a run. What was withdrawn by `text-reset` is gone, with its citations and checks;
 * what only tells of progress is passed over, because the last event holds what counts of it.
 */
export function foldRun(events: readonly RunEvent[]): RunSoFar {
  let answer = "";
  const passages: Passage[] = [];
  let citations: Citation[] = [];
  let checks: SentenceCheck[] = [];
  for (const event of events) {
    if (event.type === "text-delta") answer += event.text;
    if (event.type === "text-reset") [answer, citations, checks] = ["", [], []];
    if (event.type === "retrieval-end") passages.push(...event.passages);
    if (event.type === "citation") citations.push(withoutType(event));
    if (event.type === "sentence-check") checks.push(withoutType(event));
    if (event.type === "run-end") return { answer, passages, citations, checks, end: event };
  }
  return { answer, passages, citations, checks };
}

/** A run that is over as one object. */
export function toFinishedRun(events: readonly RunEvent[]): FinishedRun {
  const { end, ...soFar } = foldRun(events);
  if (end === undefined) throw new Error("a run ended without run-end");
  return { ...withoutType(end), ...soFar };
}

/** Did the run come to an answer, be it one that its budget cut short? */
export function hasAnswer({ outcome }: Pick<RunEnd, "outcome">): boolean {
  return outcome === "finished" || outcome === "exhausted";
}

/** Runs to the end; the whole as one object. */
export async function toRunRecord(events: AsyncIterable<RunEvent>): Promise<FinishedRun> {
  const all: RunEvent[] = [];
  for await (const event of events) {
    all.push(event);
    if (event.type === "run-end") break;
  }
  return toFinishedRun(all);
}

function withoutType<T extends { readonly type: string }>({
  type: _type,
  ...rest
}: T): Omit<T, "type"> {
  return rest;
}
