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

/** Folds a whole run. What was withdrawn by `text-reset` is gone, with its citations and checks. */
export async function toRunRecord(events: AsyncIterable<RunEvent>): Promise<FinishedRun> {
  let answer = "";
  let passages: readonly Passage[] = [];
  let citations: Citation[] = [];
  let checks: SentenceCheck[] = [];
  for await (const event of events) {
    switch (event.type) {
      case "text-delta":
        answer += event.text;
        break;
      case "text-reset":
        [answer, citations, checks] = ["", [], []];
        break;
      case "retrieval-end":
        passages = [...passages, ...event.passages];
        break;
      case "citation":
        citations.push(withoutType(event));
        break;
      case "sentence-check":
        checks.push(withoutType(event));
        break;
      case "run-end":
        return { ...withoutType(event), answer, passages: [...passages], citations, checks };
      case "run-start":
      case "leg-end":
      case "degraded":
      case "usage":
      case "step-start":
      case "tool-call":
      case "tool-result":
      case "tool-error":
      case "subrun-start":
      case "subrun-end":
      case "output-partial":
        break; // the last event holds them again
      default:
        event satisfies never;
    }
  }
  throw new Error("a run ended without run-end");
}

function withoutType<T extends { readonly type: string }>({
  type: _type,
  ...rest
}: T): Omit<T, "type"> {
  return rest;
}
