/** A run from its question to its end, as the views that follow from its events. */
import type { RunEvent } from "../../domain/event.ts";
import { type Question, type Reader, Refusal } from "./client.ts";
import { fold, startView, type View } from "./fold.ts";

/** Where the events of a run come from. */
export interface Source {
  readonly read: (reader: Reader) => AsyncIterable<RunEvent>;
  /** Time since the question was put, where that is known. */
  readonly sinceMs: () => number | undefined;
}

export interface Follower {
  /** Ends the run. */
  readonly signal: AbortSignal;
  /** Told how the service calls the run. */
  readonly onRun: (runId: string) => void;
  /** Told each view but the last. */
  readonly onView: (view: View) => void;
}

/** Reads the run to its end, however that comes; the view it ended with. */
export async function follow(
  asked: Question,
  { read, sinceMs }: Source,
  { signal, onRun, onView }: Follower,
): Promise<View> {
  let view = startView(asked);
  const put = (next: View): void => onView((view = next));
  put(view);
  try {
    for await (const event of read({ signal, onLost: () => put({ ...view, isLost: true }) })) {
      if (event.type === "run-start") onRun(event.runId);
      put(fold(view, event, sinceMs()));
    }
    return view;
  } catch (thrown) {
    return { ...view, ...toEnd(view, thrown, signal) };
  }
}

/** How a run ended that did not come to its end. */
function toEnd({ phase }: View, thrown: unknown, signal: AbortSignal): Partial<View> {
  if (signal.aborted) return { phase: "stopped" };
  if (phase !== "asking") return { phase: "broken" };
  return thrown instanceof Refusal
    ? { phase: "refused", problem: thrown.problem }
    : { phase: "unreachable" };
}
