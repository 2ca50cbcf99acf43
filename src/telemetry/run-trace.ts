/** What a run's events say, as attributes of its span. What happens in the run are spans of their own, made where it happens. */
import type { RunEnd, RunEvent } from "../domain/event.ts";
import { toInputMessages, toOutputMessages } from "./gen-ai-messages.ts";
import type { RunObserver } from "./run-observer.ts";
import type { Span, Tracer } from "./tracer.ts";

export interface RunTraceOptions {
  readonly tracer: Tracer;
  /** The run's own span; ends with it. */
  readonly span: Span;
  /** Of the tracer's clock: what the times of events count from. */
  readonly startMs: number;
}

/** Completes and ends the span of one run from its events. */
export function createRunTrace({ tracer, span, startMs }: RunTraceOptions): RunObserver {
  const lookAtContent = tracer.hasContent ? createContentTrace(span) : undefined;
  return {
    onEvent(event, sinceMs) {
      lookAtContent?.(event);
      if (event.type === "run-start") {
        span.set({
          "tributary.run.id": event.runId,
          "tributary.mode": event.mode,
          "tributary.collections": event.collections,
        });
      }
      if (event.type === "run-end") end(span, event, startMs + sinceMs);
    },
  };
}

function end(span: Span, event: RunEnd, endMs: number): void {
  const { outcome, grounding, answerer, usage, degraded, error } = event;
  span.set({
    "tributary.outcome": outcome,
    "tributary.grounding": grounding,
    "tributary.answerer": answerer,
    "tributary.degraded": degraded,
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
  });
  span.end(error?.code, endMs);
}

/** Question, passages and answer; only for those who ask for them by name. */
function createContentTrace(span: Span): (event: RunEvent) => void {
  const passages: string[] = [];
  let answer = "";
  return (event) => {
    if (event.type === "run-start") {
      const asked = [{ role: "user", content: event.question }];
      span.set({ "gen_ai.input.messages": toInputMessages(asked) });
    }
    if (event.type === "text-delta") answer += event.text;
    if (event.type === "text-reset") answer = "";
    if (event.type === "retrieval-end") passages.push(...event.passages.map(({ text }) => text));
    if (event.type !== "run-end") return;
    const reason = event.outcome === "finished" ? "stop" : "error";
    span.set({
      "tributary.passages": passages,
      "gen_ai.output.messages": toOutputMessages({ content: answer, reason }),
    });
  };
}
