/** What the HTTP surface does so that a run is seen: its place in a trace, its spans, its metrics, their address. */
import type { Context, Next } from "hono";
import type { AnswerDeps } from "../answer.ts";
import type { Clock } from "../async/clock.ts";
import type { Ask } from "../domain/ask.ts";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import { createContentLog } from "../telemetry/content-log.ts";
import type { Log } from "../telemetry/log.ts";
import { type Meter, silentMeter } from "../telemetry/meter.ts";
import { createRunMetrics } from "../telemetry/run-metrics.ts";
import type { RunObserver } from "../telemetry/run-observer.ts";
import { createRunTrace } from "../telemetry/run-trace.ts";
import { parseTraceparent, startTrace } from "../telemetry/trace-context.ts";
import { noTracer, type Tracer } from "../telemetry/tracer.ts";
import type { Env, Runner } from "./service.ts";

export interface Telemetry {
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** Every metric in the text format of Prometheus; absent: there is no `/metrics`. */
  readonly render?: () => string;
  /** Gets what is asked and answered; absent: no log does. */
  readonly contentLog?: Log;
}

/** Nothing is seen. */
export const noTelemetry: Telemetry = { meter: silentMeter, tracer: noTracer };

/** `ask` answers, `search` only finds. */
export type RunKind = "ask" | "search";

/** Goes on with the caller's trace, or begins one. */
export function createTraceGuard({ tracer }: Telemetry) {
  return (c: Context<Env>, next: Next): Promise<void> => {
    const context = parseTraceparent(c.req.header("traceparent")) ?? startTrace();
    return tracer.within(context, next);
  };
}

/** A runner that shows what `watch` wants to see as soon as it is there. */
export type ObservedRunner = (
  ask: Ask,
  signal: AbortSignal,
  watch: Pick<AnswerDeps, "observe" | "onOpening" | "onOpened" | "isWhole">,
) => AsyncIterable<RunEvent>;

/** The runner, whose runs are measured and are a span each. */
export function withTelemetry(
  run: ObservedRunner,
  kind: RunKind,
  telemetry: Telemetry & { readonly clock: Clock; readonly log: Log },
): Runner {
  const { meter, tracer, contentLog, clock, log } = telemetry;
  return (ask, signal, watch = {}) => {
    const startMs = clock.now();
    const observers: RunObserver[] = [];
    if (meter !== silentMeter) observers.push(createRunMetrics(meter, kind));
    if (contentLog !== undefined) observers.push(createContentLog(contentLog));
    const observe = (event: RunEvent): void => {
      const sinceMs = clock.now() - startMs;
      try {
        for (const observer of observers) observer.onEvent(event, sinceMs);
      } catch (thrown) {
        // A bug in what only looks must not cost an answer.
        log.error("not-observed", thrown, { event: event.type });
      }
    };
    if (!tracer.isOn)
      return run(ask, signal, observers.length === 0 ? watch : { ...watch, observe });
    const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": kind };
    const span = tracer.start(`invoke_agent ${kind}`, { kind: "server", attributes, startMs });
    observers.push(createRunTrace({ tracer, span, startMs }));
    return tracer.within(span.context, () => run(ask, signal, { ...watch, observe }));
  };
}

/** `GET /metrics`. Waits for nothing. Throws AppError not_found: where they are switched off, and for callers who may not read. */
export function createMetricsRoute({ render }: Telemetry) {
  return (c: Context<Env>): Response => {
    if (render === undefined) {
      throw new AppError("not_found", {
        detail: "metrics are switched off; METRICS turns them on",
      });
    }
    const { scopes, collections } = c.get("caller");
    if (!scopes.has("read") || collections !== undefined) {
      throw new AppError("not_found", {
        detail: "metrics need a key that may read, and is not limited to some collections",
      });
    }
    return c.body(render(), 200, {
      "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
    });
  };
}
