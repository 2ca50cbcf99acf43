/** One attempt to answer one question: its identity, its end, its events, its clock. Handed to every stage. */
import type { Clock } from "./async/clock.ts";
import { type Deadline, startDeadline } from "./async/deadline.ts";
import { noPressure, type Pressure } from "./async/pressure.ts";
import type { Config } from "./config.ts";
import type { Outcome, RunEvent } from "./domain/event.ts";
import type { AppError } from "./errors.ts";
import type { Log } from "./telemetry/log.ts";
import { startTimeline, type Timeline } from "./telemetry/timeline.ts";
import { noTracer, type Tracer } from "./telemetry/tracer.ts";

export interface Run {
  readonly id: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Aborts when the client leaves or the deadline passes. Everything that waits gets it. */
  readonly signal: AbortSignal;
  readonly timeline: Timeline;
  /** For what is a span and no stage. */
  readonly tracer: Tracer;
  /** For operators: what went wrong behind a code. */
  readonly log: Log;
  /** Asked before optional work. */
  readonly pressure: Pressure;
  /** Codes of what was left out, in the order in which it happened. */
  readonly degraded: readonly string[];
  /** Sends an event; waits while the consumer is far behind. */
  emit(event: RunEvent): Promise<void>;
  /** Records that the answer is made without something, once per code. */
  degrade(code: string): Promise<void>;
}

export interface RunOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlineMs: number;
  /** The client's own signal. */
  readonly parent: AbortSignal;
  readonly emit: (event: RunEvent) => Promise<void>;
  readonly pressure?: Pressure | undefined;
  /** Absent: no spans. */
  readonly tracer?: Tracer | undefined;
}

/** Starts a run now. Dispose its deadline when it is over. */
export function startRun(options: RunOptions): Run {
  const { config, clock, log, deadlineMs, parent, emit } = options;
  const { pressure = noPressure, tracer = noTracer } = options;
  const deadline = startDeadline({ clock, budgetMs: deadlineMs, parent });
  const degraded: string[] = [];
  return {
    id: crypto.randomUUID(),
    config,
    clock,
    deadline,
    signal: deadline.signal,
    timeline: startTimeline(clock, tracer),
    tracer,
    log,
    pressure,
    degraded,
    emit,
    async degrade(code) {
      if (degraded.includes(code)) return;
      degraded.push(code);
      await emit({ type: "degraded", code });
    },
  };
}

/** The same run for a part of it, which ends by a deadline of its own. */
export function withDeadline(run: Run, deadline: Deadline): Run {
  return { ...run, deadline, signal: deadline.signal };
}

/** How a run, or a part of it, ends that this error ended. */
export function toOutcome({ code }: AppError): Outcome {
  if (code === "cancelled") return "cancelled";
  return code === "deadline_exceeded" ? "expired" : "failed";
}
