/** A run's events with exactly one `run-end`, always last, whatever the run does; and its line in the log. */
import type { Clock } from "../../async/clock.ts";
import type { RunEnd, RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import { toEarlyEnd } from "./early-end.ts";

export interface CompleteOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly requestId: string;
}

/**
 * Hands the events to `take` up to `run-end`, and makes one when the run broke off without. Resolves when
 * the run is over; the next event is asked for when `take` has resolved. No generator: this stands in the
 * way of every word of every answer.
 */
export async function completeRun(
  events: AsyncIterable<RunEvent>,
  { clock, log, requestId }: CompleteOptions,
  take: (event: RunEvent) => Promise<void>,
): Promise<void> {
  const startMs = clock.now();
  let logged = false;
  const finish = (end: RunEnd): Promise<void> => {
    logged = true;
    log.info("run", {
      runId: end.runId,
      requestId,
      outcome: end.outcome,
      grounding: end.grounding,
      answerer: end.answerer,
      ms: Math.round(clock.now() - startMs),
      degraded: end.degraded.join(",") || undefined,
      code: end.error?.code,
      stage: end.error?.stage,
      detail: end.error?.detail,
    });
    return take(end);
  };
  let runId = "";
  /** What an end has to tell; text is not among it. */
  const told: RunEvent[] = [];
  try {
    for await (const event of events) {
      if (event.type === "run-start") ({ runId } = event);
      if (event.type !== "text-delta") told.push(event);
      if (event.type === "run-end") {
        await finish(event);
        return;
      }
      await take(event);
    }
    throw new AppError("internal", { detail: "the run ended without its last event" });
  } catch (thrown) {
    log.error("run-broke-off", thrown, { runId, requestId });
    // else it broke after its end, in its own cleaning up
    if (!logged) await finish(toEarlyEnd(told, "failed", { code: "internal", retryable: false }));
  }
}
