/** The last event of a run as one of its listeners sees it, when the run itself goes on or broke off. */
import {
  addUsage,
  type Leg,
  NO_USAGE,
  type RunEnd,
  type RunEvent,
  type RunFailure,
} from "../../domain/event.ts";

/** What the events so far tell, with this outcome. */
export function toEarlyEnd(
  events: readonly RunEvent[],
  outcome: RunEnd["outcome"],
  error: RunFailure,
): RunEnd {
  const ledger: Leg[] = [];
  const degraded: string[] = [];
  let runId = "";
  let usage = NO_USAGE;
  for (const event of events) {
    if (event.type === "run-start") ({ runId } = event);
    if (event.type === "degraded") degraded.push(event.code);
    if (event.type === "leg-end") {
      const { type: _type, ...leg } = event;
      ledger.push(leg);
    }
    if (event.type === "usage") usage = addUsage(usage, event);
  }
  return {
    type: "run-end",
    runId,
    outcome,
    grounding: "ungrounded",
    answerer: "none",
    versions: {},
    ledger,
    degraded,
    usage,
    timeline: [],
    error,
  };
}
