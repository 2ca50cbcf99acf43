/** Lets others look at a run's events as they pass; they cannot change or stop it. */
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";

export interface RunObserver {
  /** `sinceMs`: since the run was started. */
  onEvent(event: RunEvent, sinceMs: number): void;
  /** Nobody read the run to its end, or it broke off without one. Not called after `run-end`. */
  onLeft(sinceMs: number): void;
}

/** The same events; the observers see each before it is passed on. `startMs` is the clock's at the run's start. */
export async function* observeRun(
  events: AsyncIterable<RunEvent>,
  observers: readonly RunObserver[],
  { clock, startMs }: { readonly clock: Clock; readonly startMs: number },
): AsyncGenerator<RunEvent, void> {
  let ended = false;
  try {
    for await (const event of events) {
      if (event.type === "run-end") ended = true;
      const sinceMs = clock.now() - startMs;
      for (const observer of observers) observer.onEvent(event, sinceMs);
      yield event;
    }
  } finally {
    if (!ended) for (const observer of observers) observer.onLeft(clock.now() - startMs);
  }
}
